package runtime

import (
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// effective makes the spec of the only service in an os.yml. keys are the keys
// of the service, and label is the label of its image.
func effective(t *testing.T, keys, label string, change func(*Input)) (*specs.Spec, *Output, error) {
	t.Helper()
	file := filepath.Join(t.TempDir(), "os.yml")
	text := "volumes: [{name: v, readonly: true}, {name: w}]\nservices:\n  - name: web\n    image: a/web:1\n" + keys
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	c, err := spec.Load([]string{file})
	if err != nil {
		t.Fatal(err)
	}
	in := Input{
		Container: &c.Services[0], Dir: "containers/services/web", FilesDir: "containers/services/web/lower",
		IDs: c.IDs(), Volumes: map[string]bool{"v": true, "w": false}, Arch: "amd64",
		Image: &system.Image{Reference: "a/web:1", Config: system.ImageConfig{Entrypoint: []string{"/web"}, Env: []string{"A=1"}, WorkingDir: "srv"}},
	}
	if label != "" {
		if in.Label, err = spec.ParseLabel("a/web:1", label, c.Services[0].Image.Pos()); err != nil {
			t.Fatal(err)
		}
	}
	if change != nil {
		change(&in)
	}
	out, err := Effective(in)
	if err != nil {
		return nil, nil, err
	}
	var s specs.Spec
	if err := json.Unmarshal(out.Config, &s); err != nil {
		t.Fatal(err)
	}
	return &s, out, nil
}

func effectiveOK(t *testing.T, keys, label string) (*specs.Spec, *Output) {
	t.Helper()
	s, out, err := effective(t, keys, label, nil)
	if err != nil {
		t.Fatal(err)
	}
	return s, out
}

func TestOrigins(t *testing.T) {
	t.Parallel()
	_, out := effectiveOK(t, `    net: new
    capabilities.add: [CAP_KILL]
    binds:
      - /b:/b
      - /a:/a
    sysctl:
      net/x: "1"
    tmpfs: [/tmp]
    runtime:
      mkdir: [/x]
`, `{"pid": "host", "capabilities": ["CAP_NET_RAW"], "maskedPaths": ["/proc/kcore"], "noNewPrivileges": true, "binds": ["/l:/l"]}`)
	at := func(layer system.Layer, line, column int) system.Origin {
		return system.Origin{Layer: layer, File: "os.yml", Line: line, Column: column}
	}
	entry, image := at(system.LayerDefault, 3, 5), at(system.LayerLabel, 4, 12)
	fromImage := at(system.LayerImage, 4, 12)
	for pointer, want := range map[string]system.Origin{
		"":                                  entry,
		"/process/args":                     fromImage,
		"/process/env":                      fromImage,
		"/process/cwd":                      fromImage,
		"/process/user":                     entry,
		"/process/noNewPrivileges":          image,
		"/process/capabilities":             image,
		"/process/capabilities/bounding":    image,
		"/process/capabilities/effective/0": at(system.LayerOSYML, 6, 24),
		"/process/capabilities/ambient":     entry,
		"/root/readonly":                    entry,
		"/linux/namespaces/network":         at(system.LayerOSYML, 5, 10),
		"/linux/namespaces/0":               at(system.LayerOSYML, 5, 10),
		"/linux/namespaces/pid":             image,
		"/linux/namespaces/ipc":             entry,
		"/linux/namespaces/uts":             entry,
		"/linux/namespaces/user":            entry,
		"/linux/namespaces/mount":           entry,
		"/linux/namespaces/cgroup":          entry,
		"/linux/seccomp":                    entry,
		"/linux/maskedPaths":                image,
		"/linux/sysctl":                     at(system.LayerOSYML, 11, 7),
		"/linux/sysctl/net~1x":              at(system.LayerOSYML, 11, 14),
		"/mounts":                           entry,
		"/mounts/0":                         at(system.LayerOSYML, 9, 9), // /a
		"/mounts/1":                         at(system.LayerOSYML, 8, 9), // /b
		"/mounts/2":                         entry,                       // /dev
		"/mounts/7":                         at(system.LayerOSYML, 12, 13),
		"runtime:/mkdir":                    at(system.LayerOSYML, 14, 14),
		"runtime:/cgroups":                  entry,
	} {
		if got, there := out.Origins[pointer]; !there || got != want {
			t.Errorf("%s: %+v, want %+v", pointer, got, want)
		}
	}
	if _, there := out.Origins["/process/capabilities/effective/1"]; there {
		t.Error("a capability of the label has its own origin")
	}
}

func TestAdditions(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		keys, label string
		caps, binds []string
	}{
		"label's own":            {"", `{"capabilities.add": ["CAP_BPF"], "binds.add": ["/l:/l"]}`, []string{"CAP_BPF"}, []string{"/l"}},
		"to the label's":         {"    capabilities.add: [CAP_KILL]\n    binds.add: [\"/y:/y\"]\n", `{"capabilities": ["CAP_BPF"], "binds": ["/l:/l"]}`, []string{"CAP_BPF", "CAP_KILL"}, []string{"/l", "/y"}},
		"three at once":          {"    capabilities.add: [CAP_KILL]\n", `{"capabilities": ["CAP_BPF"], "capabilities.add": ["CAP_CHOWN"]}`, []string{"CAP_BPF", "CAP_CHOWN", "CAP_KILL"}, nil},
		"beside a list":          {"    capabilities: [CAP_CHOWN]\n    capabilities.add: [CAP_KILL]\n    binds: [\"/x:/x\"]\n    binds.add: [\"/y:/y\"]\n", `{"capabilities": ["CAP_BPF"], "capabilities.add": ["CAP_SYSLOG"], "binds.add": ["/l:/l"]}`, []string{"CAP_CHOWN", "CAP_KILL"}, []string{"/x", "/y"}},
		"a list in os.yml alone": {"    capabilities: []\n    binds: []\n", `{"capabilities": ["all"], "capabilities.add": [], "binds": ["/:/host"], "binds.add": ["/l:/l"]}`, nil, nil},
	} {
		s, _ := effectiveOK(t, test.keys, test.label)
		if got := s.Process.Capabilities.Effective; !slices.Equal(got, test.caps) {
			t.Errorf("%s: capabilities %v, want %v", name, got, test.caps)
		}
		var binds []string
		for _, m := range s.Mounts {
			if m.Type == "bind" {
				binds = append(binds, m.Destination)
			}
		}
		if !slices.Equal(binds, test.binds) {
			t.Errorf("%s: binds %v, want %v", name, binds, test.binds)
		}
	}
}

// If both os.yml and the label name a capability, its origin is os.yml, where
// the user sees it.
func TestCapabilityOfBoth(t *testing.T) {
	t.Parallel()
	_, out := effectiveOK(t, "    capabilities.add: [CAP_BPF]\n", `{"capabilities": ["CAP_BPF", "CAP_KILL"]}`)
	if o := out.Origins["/process/capabilities/bounding/0"]; o.Layer != system.LayerOSYML {
		t.Errorf("CAP_BPF: %+v", o)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	noCommand := func(in *Input) { in.Image.Config.Entrypoint = nil }
	for name, test := range map[string]struct {
		keys, label string
		change      func(*Input)
		kind        error
		want        string
	}{
		"no command":          {"", "", noCommand, system.ErrInput, `os.yml:4:12: services "web": image a/web:1 has no command`},
		"empty command":       {"    command: []\n", "", nil, system.ErrInput, `os.yml:5:14: services "web": the command is empty`},
		"uid of a label":      {"", `{"uid": "db"}`, nil, system.ErrUnusable, `os.yml:4:12: services "web": no container has the name "db" (set by the label of image a/web:1)`},
		"volume of a label":   {"", `{"binds": ["data:/d"]}`, nil, system.ErrUnusable, `os.yml:4:12: services "web": unknown volume "data" (set by the label of image a/web:1)`},
		"read-only volume":    {"    binds: [\"v:/v\"]\n", "", nil, system.ErrInput, `os.yml:5:13: services "web": volume "v" is read-only, but /v would be writable`},
		"read-only by mounts": {"    mounts: [{type: bind, source: v, destination: /v, options: [rw]}]\n", "", nil, system.ErrInput, `os.yml:5:14: services "web": volume "v" is read-only, but /v would be writable`},
		"add to all":          {"    capabilities.add: [CAP_BPF]\n", `{"capabilities": ["all"]}`, nil, system.ErrInput, `os.yml:5:23: services "web": capabilities.add cannot be combined with the list "all"`},
		"seccomp of a label":  {"", `{"seccomp": "/etc/x.json"}`, nil, system.ErrUnusable, `os.yml:4:12: services "web": seccomp: "/etc/x.json": a label can only have default, unconfined or a profile itself (set by the label of image a/web:1)`},
		"seccomp of a label, another architecture": {"", labelProfile, func(in *Input) { in.Arch = "arm64" }, system.ErrUnusable, `os.yml:4:12: services "web": seccomp: the profile is not for arm64 (set by the label of image a/web:1)`},
		"seccomp is not JSON":                      {"    seccomp: p.json\n", "", func(in *Input) { in.Profile = []byte("{") }, system.ErrInput, `os.yml:5:14: services "web": seccomp profile "p.json": byte 1: the JSON is truncated`},
		"seccomp, a key twice": {"    seccomp: p.json\n", "", func(in *Input) {
			in.Profile = []byte(`{"defaultAction":"SCMP_ACT_ERRNO","defaultAction":"SCMP_ACT_ALLOW"}`)
		}, system.ErrInput, `os.yml:5:14: services "web": seccomp profile "p.json": byte 49: duplicate member "defaultAction"`},
		"seccomp unknown key":  {"    seccomp: p.json\n", "", func(in *Input) { in.Profile = []byte(`{"defaultActon": "x"}`) }, system.ErrInput, `os.yml:5:14: services "web": seccomp profile "p.json": json: unknown field "defaultActon"`},
		"seccomp unknown word": {"    seccomp: p.json\n", "", func(in *Input) { in.Profile = []byte(`{"defaultAction": "ALLOW"}`) }, system.ErrInput, `os.yml:5:14: services "web": seccomp profile "p.json": unknown action "ALLOW"`},
	} {
		_, _, err := effective(t, test.keys, test.label, test.change)
		if !errors.Is(err, test.kind) || err.Error() != test.want {
			t.Errorf("%s:\ngot  %v\nwant %s", name, err, test.want)
		}
	}
}

func TestVolumes(t *testing.T) {
	t.Parallel()
	s, _ := effectiveOK(t, "    binds: [\"v:/v:ro,noexec\", \"w:/w\"]\n    mounts: [{type: bind, source: w, destination: /m}]\n", "")
	want := map[string]string{"/v": "/containers/volumes/v/merged", "/w": "/containers/volumes/w/merged", "/m": "/containers/volumes/w/merged"}
	for _, m := range s.Mounts {
		if source, there := want[m.Destination]; there && m.Source != source {
			t.Errorf("%s comes from %s, want %s", m.Destination, m.Source, source)
		}
		delete(want, m.Destination)
	}
	if len(want) > 0 {
		t.Errorf("missing: %v", want)
	}
}

// crun would read a rule for a pipe as a rule for all character devices.
func TestPipeHasNoRule(t *testing.T) {
	t.Parallel()
	s, out := effectiveOK(t, "    devices:\n      - {path: /run/p, type: p, mode: '0600'}\n      - {path: /dev/x, type: u, major: 1, minor: 3, mode: '0600'}\n", "")
	if len(s.Linux.Devices) != 2 || len(s.Linux.Resources.Devices) != 1 || s.Linux.Resources.Devices[0].Type != "c" {
		t.Errorf("devices %+v, rules %+v", s.Linux.Devices, s.Linux.Resources.Devices)
	}
	if at := out.Origins["/linux/resources/devices/0"]; at.Line != 7 {
		t.Errorf("the origin of the rule is %+v", at)
	}
}

func TestOwnKeys(t *testing.T) {
	t.Parallel()
	s, out := effectiveOK(t, "    apparmor: web\n    selinux: system_u:system_r:web_t:s0\n    cgroupns: new\n    hostname: inside\n", `{"cgroupns": "host", "uts": "new"}`)
	if s.Process.ApparmorProfile != "web" || s.Process.SelinuxLabel != "system_u:system_r:web_t:s0" || s.Hostname != "inside" {
		t.Errorf("%+v, host name %q", s.Process, s.Hostname)
	}
	last := s.Linux.Namespaces[len(s.Linux.Namespaces)-1]
	if last.Type != specs.CgroupNamespace || out.Origins["/linux/namespaces/cgroup"].Line != 7 {
		t.Errorf("cgroup namespace %+v, %+v", last, out.Origins["/linux/namespaces/cgroup"])
	}
	if s.Process.Cwd != "/srv" {
		t.Errorf("cwd %q", s.Process.Cwd)
	}
}

func TestHostnameNote(t *testing.T) {
	t.Parallel()
	s, out := effectiveOK(t, "    hostname: nobody\n", "")
	if s.Hostname != "" || len(out.Notes) != 1 || out.Notes[0].Key != "hostname" || out.Notes[0].Origin.Line != 5 || out.Notes[0].Origin.Column != 15 {
		t.Errorf("host name %q, notes %v", s.Hostname, out.Notes)
	}
}

// OCI runtimes resolve a relative destination from the container's root.
// Comparisons of paths must do the same.
func TestRelativeDestination(t *testing.T) {
	t.Parallel()
	keys := "    mounts: [{type: tmpfs, source: tmpfs, destination: ./a//b/}]\n    binds: [\"/x:c/./d:ro\"]\n    tmpfs: [\"e/:size=1m\"]\n"
	s, out := effectiveOK(t, keys, "")
	var got []string
	for _, m := range s.Mounts {
		got = append(got, m.Destination)
	}
	for i, want := range []string{"/a/b", "/c/d"} {
		if got[i] != want {
			t.Errorf("destinations %q", got)
		}
	}
	if !slices.Contains(got, "/e") {
		t.Errorf("destinations %q", got)
	}
	if len(out.Notes) != 3 || out.Notes[0].Key != "tmpfs" || out.Notes[1].Value != "c/./d" || !strings.Contains(out.Notes[2].Text, `read as "/a/b"`) {
		t.Errorf("notes %+v", out.Notes)
	}
}

func TestSeccomp(t *testing.T) {
	t.Parallel()
	filter := func(keys, arch string) *specs.LinuxSeccomp {
		t.Helper()
		s, _, err := effective(t, keys, "", func(in *Input) { in.Arch = arch })
		if err != nil {
			t.Fatal(err)
		}
		return s.Linux.Seccomp
	}
	allowed := func(f *specs.LinuxSeccomp, call string) bool {
		return slices.ContainsFunc(f.Syscalls, func(s specs.LinuxSyscall) bool {
			return s.Action == specs.ActAllow && len(s.Args) == 0 && slices.Contains(s.Names, call)
		})
	}
	if filter("", "amd64") != nil || filter("    seccomp: unconfined\n", "amd64") != nil {
		t.Error("there is a filter, but none was asked for")
	}
	plain := filter("    seccomp: default\n", "amd64")
	if plain.DefaultAction != specs.ActErrno || !slices.Equal(plain.Architectures, []specs.Arch{specs.ArchX86_64, specs.ArchX86, specs.ArchX32}) {
		t.Errorf("default action %s, architectures %v", plain.DefaultAction, plain.Architectures)
	}
	admin := filter("    seccomp: default\n    capabilities: [CAP_SYS_ADMIN, CAP_SYS_MODULE]\n", "amd64")
	arm := filter("    seccomp: default\n", "arm64")
	riscv := filter("    seccomp: default\n", "riscv64")
	for name, test := range map[string]struct{ got, want bool }{
		"read":                        {allowed(plain, "read"), true},
		"ptrace, since Linux 4.8":     {allowed(plain, "ptrace"), true},
		"init_module":                 {allowed(plain, "init_module"), false},
		"init_module with capability": {allowed(admin, "init_module"), true},
		"bpf":                         {allowed(plain, "bpf"), false},
		"bpf with capability":         {allowed(admin, "bpf"), true},
		"clone":                       {allowed(plain, "clone"), false},
		"clone with capability":       {allowed(admin, "clone"), true},
		"arch_prctl":                  {allowed(plain, "arch_prctl"), true},
		"arch_prctl on arm64":         {allowed(arm, "arch_prctl"), false},
		"breakpoint on arm64":         {allowed(arm, "breakpoint"), true},
		"riscv_flush_icache":          {allowed(riscv, "riscv_flush_icache"), true},
		"kexec_load":                  {allowed(admin, "kexec_load"), false},
	} {
		if test.got != test.want {
			t.Errorf("%s: allowed %v, want %v", name, test.got, test.want)
		}
	}
}

func TestSeccompProfile(t *testing.T) {
	t.Parallel()
	const profile = `{"defaultAction": "SCMP_ACT_KILL", "archMap": [{"architecture": "SCMP_ARCH_AARCH64", "subArchitectures": ["SCMP_ARCH_ARM"]}],
		"syscalls": [{"name": "read", "action": "SCMP_ACT_ALLOW"}, {"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "excludes": {"arches": ["arm64"]}}]}`
	use := func(arch, text string) (*specs.Spec, error) {
		s, _, err := effective(t, "    seccomp: p.json\n", "", func(in *Input) { in.Arch, in.Profile = arch, []byte(text) })
		return s, err
	}
	s, err := use("arm64", profile)
	if err != nil {
		t.Fatal(err)
	}
	f := s.Linux.Seccomp
	if len(f.Syscalls) != 1 || !slices.Equal(f.Syscalls[0].Names, []string{"read"}) || !slices.Equal(f.Architectures, []specs.Arch{specs.ArchAARCH64, specs.ArchARM}) {
		t.Errorf("%+v", f)
	}
	if _, err := use("amd64", profile); err == nil || !strings.Contains(err.Error(), "archMap has no entry for amd64") {
		t.Errorf("another architecture: %v", err)
	}
	newer := `{"defaultAction": "SCMP_ACT_KILL", "syscalls": [{"names": ["a"], "action": "SCMP_ACT_ALLOW", "includes": {"minKernel": "6.1"}}]}`
	if _, err := use("amd64", newer); err == nil || !strings.Contains(err.Error(), "depends on kernel version 6.1") {
		t.Errorf("kernel version: %v", err)
	}
}

const labelProfile = `{"seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [{"names": ["read", "open"], "action": "SCMP_ACT_ALLOW"}]}}`

// The profile of a label is used as it is, whatever the capabilities are. os.yml can
// replace it.
func TestSeccompOfLabel(t *testing.T) {
	t.Parallel()
	s, out := effectiveOK(t, "    capabilities: [CAP_BPF]\n", labelProfile)
	f := s.Linux.Seccomp
	if f == nil || f.DefaultAction != specs.ActErrno || len(f.Syscalls) != 1 || !slices.Equal(f.Syscalls[0].Names, []string{"read", "open"}) {
		t.Errorf("%+v", f)
	}
	if o := out.Origins["/linux/seccomp"]; o.Layer != system.LayerLabel || o.Line != 4 {
		t.Errorf("origin %+v", o)
	}
	s, out = effectiveOK(t, "    seccomp: default\n", labelProfile)
	if len(s.Linux.Seccomp.Syscalls) < 2 || out.Origins["/linux/seccomp"].Layer != system.LayerOSYML {
		t.Errorf("%+v", s.Linux.Seccomp)
	}
	if s, _ := effectiveOK(t, "    seccomp: unconfined\n", labelProfile); s.Linux.Seccomp != nil {
		t.Errorf("%+v", s.Linux.Seccomp)
	}
}

// A note says that the profile of a label is for another user or other
// capabilities.
func TestNoteOnProfileOfLabel(t *testing.T) {
	t.Parallel()
	const profile = `"seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [{"names": ["read"], "action": "SCMP_ACT_ALLOW"}]}`
	const label = `{"uid": 101, "capabilities": ["CAP_KILL", "CAP_CHOWN"], ` + profile + `}`
	const was = "the seccomp profile in the label of image a/web:1 is for user 101 with CAP_CHOWN, CAP_KILL"
	for name, c := range map[string]struct{ keys, label, is, remove string }{
		"another user":          {"    uid: 0\n", label, "user 0 with CAP_CHOWN, CAP_KILL", "remove `uid`,"},
		"fewer capabilities":    {"    capabilities: []\n", label, "user 101 with no capabilities", "remove `capabilities`,"},
		"one more":              {"    capabilities.add: [CAP_BPF]\n", label, "user 101 with CAP_BPF, CAP_CHOWN, CAP_KILL", "remove `capabilities`,"},
		"all":                   {"    capabilities: [all]\n", label, "user 101 with all capabilities", "remove `capabilities`,"},
		"many":                  {"    capabilities: [CAP_BPF, CAP_CHOWN, CAP_KILL, CAP_LEASE, CAP_MKNOD, CAP_SETUID, CAP_SYSLOG]\n", label, "user 101 with CAP_BPF, CAP_CHOWN, CAP_KILL, CAP_LEASE, CAP_MKNOD and 2 more", "remove `capabilities`,"},
		"ambient":               {"    ambient: [CAP_KILL]\n", label, "user 101 with CAP_CHOWN, CAP_KILL (1 ambient)", "remove `capabilities`,"},
		"both":                  {"    uid: 0\n    capabilities: [CAP_KILL]\n", label, "user 0 with CAP_KILL", "remove `uid` and `capabilities`,"},
		"the same":              {"    uid: 101\n    capabilities: [CAP_CHOWN, CAP_KILL]\n", label, "", ""},
		"another group":         {"    gid: 7\n", label, "", ""},
		"nothing":               {"", label, "", ""},
		"another profile":       {"    uid: 0\n    seccomp: default\n", label, "", ""},
		"no profile":            {"    uid: 0\n", `{"uid": 101}`, "", ""},
		"the default profile":   {"    uid: 0\n", `{"uid": 101, "seccomp": "default"}`, "", ""},
		"a label without users": {"    uid: 0\n    capabilities: [none]\n", "{" + profile + "}", "", ""},
	} {
		_, out := effectiveOK(t, c.keys, c.label)
		if c.is == "" {
			if len(out.Notes) > 0 {
				t.Errorf("%s: %+v", name, out.Notes)
			}
			continue
		}
		if len(out.Notes) != 1 || !out.Notes[0].Works || out.Notes[0].Origin.Line != 5 || out.Notes[0].Component != "services/web" {
			t.Errorf("%s: %+v", name, out.Notes)
			continue
		}
		for _, want := range []string{"it runs as " + c.is + ", but", was, c.remove, "seccomp: default", "seaworthy trace"} {
			if !strings.Contains(out.Notes[0].Text, want) {
				t.Errorf("%s: %q is not in %q", name, want, out.Notes[0].Text)
			}
		}
	}
}

func TestImageProfile(t *testing.T) {
	t.Parallel()
	const profile = `{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["open", "openat"], "action": "SCMP_ACT_ALLOW", "comment": "seen"},
		{"names": ["arch_prctl"], "action": "SCMP_ACT_ALLOW", "includes": {"arches": ["amd64"]}}]}`
	for arch, want := range map[string]int{"amd64": 2, "arm64": 1, "riscv64": 1} {
		f, err := ImageProfile([]byte(profile), arch)
		if err != nil || len(f.Syscalls) != want || !slices.Equal(f.Architectures, []specs.Arch{architectures[arch]}) {
			t.Errorf("%s: %+v, %v", arch, f, err)
		}
	}
	for text, want := range map[string]string{
		`{`: "byte 1: the JSON is truncated",
		`{"defaultAction": "SCMP_ACT_ERRNO", "syscalls": [{"names": ["bpf"], "action": "SCMP_ACT_ALLOW", "includes": {"caps": ["CAP_BPF"]}}]}`: "the rule for [bpf] depends on capabilities",
		`{"defaultAction": "SCMP_ACT_NOTIFY"}`:                                    `default: the profile of an image cannot have the action "SCMP_ACT_NOTIFY"`,
		`{"defaultAction": "SCMP_ACT_ERRNO", "listenerPath": "/x"}`:               "cannot have flags or a listener",
		`{"defaultAction": "SCMP_ACT_ERRNO", "archMap": [{"architecture": "x"}]}`: "archMap has no entry for amd64",
	} {
		if _, err := ImageProfile([]byte(text), "amd64"); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: %v, want %s", text, err, want)
		}
	}
	if _, err := ImageProfile([]byte(profile), "mips"); err == nil {
		t.Error("an unknown architecture was accepted")
	}
}

// The same input gives the same bytes, although the code uses maps.
func TestSameBytes(t *testing.T) {
	t.Parallel()
	keys := "    seccomp: default\n    sysctl: {net.b: \"1\", net.a: \"2\"}\n    annotations: {b: x, a: y}\n    capabilities: [all]\n"
	_, first := effectiveOK(t, keys, "")
	for range 5 {
		_, again := effectiveOK(t, keys, "")
		if string(again.Config) != string(first.Config) || string(again.Runtime) != string(first.Runtime) {
			t.Fatal("the bytes differ")
		}
	}
	if !strings.HasPrefix(string(first.Config), "{\n  \"ociVersion\": \"1.2.1\",\n") {
		t.Errorf("config.json starts %q", first.Config[:40])
	}
}
