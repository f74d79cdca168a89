package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"

	"github.com/seaworthy-os/seaworthy/scanner"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// maker generates systems that are similar to real ones. A system depends only on the
// maker's arguments and the number, not on earlier calls.
type maker struct {
	bases   [][]byte // encoded facts of the real systems
	seed    uint64
	options []string // options that vary
}

// newMaker returns a maker for the facts of real systems.
func newMaker(seed uint64, real []*facts.Facts) (*maker, error) {
	m := &maker{seed: seed}
	seen := map[string]bool{}
	for _, f := range real {
		raw, err := facts.Encode(f)
		if err != nil {
			return nil, err
		}
		m.bases = append(m.bases, raw)
		for option := range f.Kernel.Config.Options {
			seen[option] = true
		}
	}
	m.options = slices.Sorted(maps.Keys(seen))
	return m, nil
}

// system generates one system: a real one with other numbers of components, other
// permissions, and another kernel configuration, command line and sysctls.
func (m *maker) system(number int) ([]byte, error) {
	r := rand.New(rand.NewPCG(m.seed, uint64(number)))
	f, err := facts.Decode(bytes.NewReader(m.bases[r.IntN(len(m.bases))]))
	if err != nil {
		return nil, err
	}
	f.Name = fmt.Sprintf("system%05d", number)
	if err := components(r, f); err != nil {
		return nil, err
	}
	m.kernel(r, f)
	return facts.Encode(f)
}

// components adds up to six services that are copies of existing ones, and changes
// every container.
func components(r *rand.Rand, f *facts.Facts) error {
	var services []facts.Component
	for _, c := range f.Components {
		if c.Section == "services" {
			services = append(services, c)
		}
	}
	for i := range r.IntN(7) {
		c := services[r.IntN(len(services))]
		c.Name, c.Index = fmt.Sprintf("%s%d", c.Name, i), len(services)+i
		c.ID = c.Section + "/" + c.Name
		f.Components = append(f.Components, c)
		f.SBOM.Components = append(f.SBOM.Components, c.ID)
	}
	for i := range f.Components {
		c := &f.Components[i]
		c.Image.Digest = fmt.Sprintf("sha256:%016x%048x", r.Uint64(), r.Uint64())
		c.Image.Pinned = r.IntN(2) == 0
		if len(c.Spec) == 0 || string(c.Spec) == "null" {
			continue
		}
		var spec map[string]any
		if err := json.Unmarshal(c.Spec, &spec); err != nil {
			return err
		}
		vary(r, spec)
		raw, err := json.Marshal(spec)
		if err != nil {
			return err
		}
		c.Spec = raw
	}
	return nil
}

var (
	capabilities = []string{"CAP_CHOWN", "CAP_NET_BIND_SERVICE", "CAP_NET_ADMIN", "CAP_SYS_ADMIN", "CAP_SYS_PTRACE", "CAP_SYS_MODULE", "CAP_BPF", "CAP_SETUID", "CAP_DAC_READ_SEARCH"}
	sources      = []string{"/var/lib/app", "/etc/ssl", "/dev", "/run/containerd/containerd.sock", "/", "/lib/modules", "/var/log"}
)

// vary changes the permissions of a container.
func vary(r *rand.Rand, spec map[string]any) {
	process := object(spec, "process")
	process["noNewPrivileges"] = r.IntN(4) > 0
	object(process, "user")["uid"] = r.IntN(3) * 1000
	caps := []any{}
	for _, i := range r.Perm(len(capabilities))[:r.IntN(5)] {
		caps = append(caps, capabilities[i])
	}
	for _, set := range []string{"bounding", "effective", "permitted"} {
		object(process, "capabilities")[set] = caps
	}
	object(spec, "root")["readonly"] = r.IntN(3) > 0
	mounts, _ := spec["mounts"].([]any)
	for i := range r.IntN(5) {
		mounts = append(mounts, map[string]any{
			"destination": fmt.Sprintf("/mnt/%d", i), "type": "bind", "source": sources[r.IntN(len(sources))],
			"options": []any{"rbind", []any{"ro", "rw"}[r.IntN(2)]},
		})
	}
	spec["mounts"] = mounts
	linux := object(spec, "linux")
	if r.IntN(3) == 0 {
		delete(linux, "seccomp")
	}
	if namespaces, _ := linux["namespaces"].([]any); r.IntN(4) == 0 && len(namespaces) > 0 {
		at := r.IntN(len(namespaces))
		linux["namespaces"] = slices.Delete(namespaces, at, at+1)
	}
}

// object returns the object at a key, which it creates if the key is missing.
func object(of map[string]any, key string) map[string]any {
	o, ok := of[key].(map[string]any)
	if !ok {
		o = map[string]any{}
		of[key] = o
	}
	return o
}

var (
	params = []string{"mitigations=off", "slab_nomerge", "init_on_alloc=1", "lockdown=integrity", "debugfs=off", "quiet", "nokaslr", "module.sig_enforce=1", "panic=10"}
	keys   = []string{"kernel.kptr_restrict", "kernel.dmesg_restrict", "kernel.yama.ptrace_scope", "net.ipv4.tcp_syncookies", "fs.protected_fifos", "kernel.sysrq", "net.ipv4.conf.all.rp_filter"}
)

// kernel changes up to forty options, the command line and some sysctls.
func (m *maker) kernel(r *rand.Rand, f *facts.Facts) {
	for range r.IntN(40) {
		f.Kernel.Config.Options[m.options[r.IntN(len(m.options))]] = []string{"y", "n", "m"}[r.IntN(3)]
	}
	f.Kernel.Config.Digest = fmt.Sprintf("sha256:%064x", r.Uint64())
	for _, i := range r.Perm(len(params))[:r.IntN(len(params))] {
		f.Cmdline.Raw += " " + params[i]
	}
	f.Cmdline.Params = scanner.Cmdline(f.Cmdline.Raw)
	for range r.IntN(len(keys)) {
		f.Sysctl.Settings = append(f.Sysctl.Settings, facts.Setting{
			Key: keys[r.IntN(len(keys))], Value: fmt.Sprint(r.IntN(3)), Component: "onboot/dhcp", Source: "/etc/sysctl.d/fleet.conf", Order: len(f.Sysctl.Settings),
		})
	}
}
