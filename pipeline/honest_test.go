package pipeline_test

import (
	"bytes"
	"debug/elf"
	"encoding/binary"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/spec/edit"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
	"github.com/seaworthy-os/seaworthy/pipeline/remedy"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

const honestSystems = "../testdata/honest"

// TestHonestSystems applies the suggested edits to a usual os.yml until hardened does
// not deny it. Then it checks that the service still has what it needs.
func TestHonestSystems(t *testing.T) {
	t.Parallel()
	if testing.Short() {
		t.Skip("skipped: checks some 50 systems")
	}
	bench := newRuleBench(t)
	judge := prepared(t, "hardened", policy.Options{FailOn: "none", Now: bench.only(t, "CAP-001").Now})
	files, err := filepath.Glob(filepath.Join(honestSystems, "*.yml"))
	if err != nil || len(files) == 0 {
		t.Fatal(files, err)
	}
	alone := &editable{bench: bench, files: read(t, bench.base)}
	base, _ := alone.decide(t, judge, alone.files)
	for _, file := range files {
		t.Run(strings.TrimSuffix(filepath.Base(file), ".yml"), func(t *testing.T) {
			t.Parallel()
			content, err := os.ReadFile(file)
			if err != nil {
				t.Fatal(err)
			}
			system := &editable{bench: bench, files: read(t, bench.base, bench.write(t, file))}
			now, f, fired := system.follow(t, judge)
			for _, g := range failing(now) {
				if !slices.ContainsFunc(base.Findings, func(b decision.Finding) bool { return sameFinding(&b, &g) }) && !slices.Contains(comments(content, "# waived: "), g.ID) {
					t.Errorf("hardened still denies: %s %s on %s: %s\n\tfix: %s", g.ID, g.Key, g.Resource, g.Message, g.Fix)
				}
			}
			for _, id := range comments(content, "# waived: ") {
				if !fired[id] {
					t.Errorf("the file says that %s is waived, but the rule does not fire", id)
				}
			}
			for _, need := range comments(content, "# needs: ") {
				if why := lacks(t, f, need); why != "" {
					t.Errorf("after the edits: %s: %s", need, why)
				}
			}
			if t.Failed() {
				t.Logf("after the edits:\n%s", system.files[len(system.files)-1].Data)
			}
		})
	}
}

// follow applies the suggested edits one after another, as explain shows them, until
// no edit is left.
func (s *editable) follow(t *testing.T, judge *policy.Prepared) (*decision.Decision, *facts.Facts, map[string]bool) {
	t.Helper()
	fired := map[string]bool{}
	for range 8 {
		d, f := s.decide(t, judge, s.files)
		now, made := s.files, false
		for _, g := range failing(d) {
			fired[g.ID] = true
			diff, next, err := remedy.Next(s.files, now, &g)
			if err == nil && diff != "" {
				now, made = next, true
			}
		}
		if !made {
			return d, f, fired
		}
		s.files = now
	}
	t.Fatal("the edits do not end")
	return nil, nil, nil
}

func sameFinding(a, b *decision.Finding) bool {
	return a.ID == b.ID && a.Resource == b.Resource && a.Key == b.Key
}

func read(t *testing.T, paths ...string) []edit.File {
	t.Helper()
	var out []edit.File
	for _, p := range paths {
		data, err := os.ReadFile(p)
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, edit.File{Name: filepath.Base(p), Data: data})
	}
	return out
}

// comments returns the rests of the lines that begin with a prefix.
func comments(content []byte, prefix string) (out []string) {
	for line := range strings.Lines(string(content)) {
		if rest, ok := strings.CutPrefix(line, prefix); ok {
			out = append(out, strings.TrimSpace(rest))
		}
	}
	return out
}

// lacks says why a component does not have what it needs, or "".
func lacks(t *testing.T, f *facts.Facts, need string) string {
	t.Helper()
	words := strings.Fields(need)
	i := slices.IndexFunc(f.Components, func(c facts.Component) bool { return c.ID == words[0] })
	if i < 0 {
		return "the component is missing"
	}
	var spec struct {
		Process struct {
			User         struct{ UID int }
			Capabilities struct{ Effective, Ambient []string }
		}
		Mounts []struct {
			Destination string
			Options     []string
		}
		Linux struct {
			Namespaces []struct{ Type, Path string }
			Sysctl     map[string]string
		}
	}
	if err := json.Unmarshal(f.Components[i].Spec, &spec); err != nil {
		t.Fatal(err)
	}
	holds := spec.Process.Capabilities.Effective
	if spec.Process.User.UID != 0 {
		holds = spec.Process.Capabilities.Ambient
	}
	switch words[1] {
	case "mount", "writable":
		for _, m := range spec.Mounts {
			if m.Destination == words[2] && (words[1] == "mount" || !slices.Contains(m.Options, "ro")) {
				return ""
			}
		}
		return "the mount is missing"
	case "network":
		for _, n := range spec.Linux.Namespaces {
			if n.Type == "network" && n.Path == "" && !strings.Contains(string(f.Components[i].Runtime), "interfaces") {
				return "its network has no interface"
			}
		}
		return ""
	case "port":
		port, err := strconv.Atoi(words[2])
		if err != nil {
			t.Fatal(err)
		}
		first := 1024
		if v, ok := spec.Linux.Sysctl["net.ipv4.ip_unprivileged_port_start"]; ok {
			first, _ = strconv.Atoi(v)
		}
		if port < first && !slices.Contains(holds, "CAP_NET_BIND_SERVICE") {
			return "only ports from " + strconv.Itoa(first) + " are allowed"
		}
		return ""
	}
	if !slices.Contains(holds, words[1]) {
		return "it holds " + strings.Join(holds, " ")
	}
	return ""
}

// honestImages returns the images of testdata/honest. Each has its program, the
// package that owns it, and the other usual files of such an image.
func honestImages() map[string]ocitest.Image {
	of := func(name string) string {
		return "Package: " + name + "\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: amd64\nMaintainer: nobody <nobody@example.org>\n\n"
	}
	from := func(program string, args ...string) ocitest.Config {
		return ocitest.Config{Entrypoint: append([]string{program}, args...), Env: []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin"}}
	}
	dirs := func(names ...string) (out []ocitest.Entry) {
		for _, n := range names {
			out = append(out, ocitest.Dir(n))
		}
		return out
	}
	with := func(c ocitest.Config, change func(*ocitest.Config)) ocitest.Config {
		change(&c)
		return c
	}
	return map[string]ocitest.Image{
		"honest/nginx:1": software(with(from("/usr/sbin/nginx", "-g", "daemon off;"), func(c *ocitest.Config) { c.ExposedPorts = []string{"80/tcp"} }), of("nginx"),
			dirs("var/cache/nginx", "run", "etc/nginx")...),
		"honest/postgres:1":   software(with(from("/usr/bin/postgres"), func(c *ocitest.Config) { c.ExposedPorts = []string{"5432/tcp"} }), of("postgresql"), dirs("var/lib/postgresql/data")...),
		"honest/redis:1":      software(with(from("/usr/bin/redis-server"), func(c *ocitest.Config) { c.ExposedPorts = []string{"6379/tcp"} }), of("redis"), dirs("data")...),
		"honest/wireguard:1":  software(from("/usr/bin/wg"), of("wireguard-tools"), dirs("etc/wireguard")...),
		"honest/chrony:1":     software(from("/usr/sbin/chronyd", "-d"), of("chrony"), dirs("run/chrony", "var/lib/chrony")...),
		"honest/sshd:1":       software(with(from("/usr/sbin/sshd", "-D"), func(c *ocitest.Config) { c.ExposedPorts = []string{"22/tcp"} }), of("openssh-server"), append(dirs("run"), ocitest.File("etc/ssh/sshd_config", "PermitRootLogin no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n"), ocitest.Entry{Path: "home/ops/.ssh/authorized_keys", Mode: 0o600, Content: "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE somebody\n"})...),
		"honest/dhcpcd:1":     software(from("/sbin/dhcpcd"), of("dhcpcd")),
		"honest/prometheus:1": software(with(from("/usr/bin/prometheus"), func(c *ocitest.Config) { c.User, c.ExposedPorts = "65534", []string{"9090/tcp"} }), of("prometheus"), dirs("prometheus", "etc/prometheus")...),
		"honest/node_exporter:1": software(with(from("/usr/bin/prometheus-node-exporter"), func(c *ocitest.Config) { c.User, c.ExposedPorts = "65534", []string{"9100/tcp"} }),
			of("prometheus-node-exporter"), dirs("host/proc", "host/sys")...),
		"honest/ntpd:1": software(with(from("/usr/sbin/ntpd", "-n", "-p", "pool.ntp.org"), func(c *ocitest.Config) {
			c.Labels = map[string]string{"org.mobyproject.config": `{"capabilities": ["CAP_SYS_TIME", "CAP_NET_BIND_SERVICE"]}`}
		}), of("openntpd")),
		"honest/app:1": {Arch: "amd64", Config: ocitest.Config{Entrypoint: []string{"/app"}, ExposedPorts: []string{"8080/tcp"}}, Layers: []ocitest.Layer{{Entries: []ocitest.Entry{ocitest.Exec("app", goProgram())}}}},
	}
}

// goProgram returns an ELF file for amd64 without code. Its build information names
// modules, as in Go programs (debug/buildinfo).
func goProgram() string {
	const headers, address = 64 + 56, 0x400000
	var b bytes.Buffer
	text := func(s string) { b.Write(append(binary.AppendUvarint(nil, uint64(len(s))), s...)) }
	for range 8 {
		b.WriteByte(0)
	}
	b.WriteString("\xff Go buildinf:\x08\x02")
	b.Write(make([]byte, 16))
	text("go1.22.0")
	text(strings.Repeat("<", 16) + "path\texample.org/app\nmod\texample.org/app\tv1.0.0\th1:x=\nbuild\tGOARCH=amd64\nbuild\tGOOS=linux\n" + strings.Repeat(">", 16))
	size := uint64(headers + b.Len())
	var out bytes.Buffer
	ident := [elf.EI_NIDENT]byte{0x7f, 'E', 'L', 'F', byte(elf.ELFCLASS64), byte(elf.ELFDATA2LSB), byte(elf.EV_CURRENT)}
	_ = binary.Write(&out, binary.LittleEndian, elf.Header64{Ident: ident, Type: uint16(elf.ET_EXEC), Machine: uint16(elf.EM_X86_64), Version: 1,
		Entry: address, Phoff: 64, Ehsize: 64, Phentsize: 56, Phnum: 1, Shentsize: 64})
	_ = binary.Write(&out, binary.LittleEndian, elf.Prog64{Type: uint32(elf.PT_LOAD), Flags: uint32(elf.PF_R | elf.PF_W), Vaddr: address, Paddr: address,
		Filesz: size, Memsz: size, Align: 4096})
	return out.String() + b.String()
}
