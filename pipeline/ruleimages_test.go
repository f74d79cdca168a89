package pipeline_test

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// ruleImages returns the images of rules/examples by reference. Each image except web
// has one defect, which its name says.
func ruleImages(t *testing.T) map[string]ocitest.Image {
	t.Helper()
	file := ocitest.File
	mode := func(e ocitest.Entry, bits uint32) ocitest.Entry {
		e.Mode = bits
		return e
	}
	images := map[string]ocitest.Image{
		"seaworthy/kernel:1": component(ocitest.Config{}, file("kernel", "Linux version 6.12.58 (test) #1 SMP\x00"+embedded(t, goodConfig(t)))),
		"seaworthy/init:1": component(ocitest.Config{}, ocitest.Exec("init", "init"),
			// a compiled AppArmor profile, as far as its name
			ocitest.File("usr/lib/seaworthy/apparmor/docker-default", "\x04\x08\x00profile\x00\x07\x05\x0f\x00docker-default\x00")),
		"seaworthy/sysctl:1": component(ocitest.Config{Entrypoint: []string{"/usr/sbin/sysctl"}}, file("etc/sysctl.d/00.conf", goodSysctls(t))),

		"example/web:1":                     component(ocitest.Config{User: "100"}),
		"example/script:1":                  component(ocitest.Config{Env: []string{"PATH=/usr/sbin:/usr/bin"}, User: "100"}, ocitest.Symlink("opt/link", "/opt/start"), ocitest.Exec("opt/start", "#!/opt/sh -e\n"), ocitest.Symlink("usr/bin/start2", "/opt/link")),
		"example/clock:1":                   software(ocitest.Config{Entrypoint: []string{"/usr/sbin/chronyd"}}, "Package: chrony\nStatus: install ok installed\nVersion: 4.3-2\nArchitecture: amd64\nMaintainer: nobody <nobody@example.org>\n\n"),
		"example/named:1":                   component(ocitest.Config{Entrypoint: []string{"/usr/sbin/chronyd"}}),
		"example/logs:1":                    software(ocitest.Config{Entrypoint: []string{"/usr/sbin/rsyslogd"}}, "Package: rsyslog\nStatus: install ok installed\nVersion: 8.2302.0-1\nArchitecture: amd64\nMaintainer: nobody <nobody@example.org>\n\n"),
		"example/web:latest":                component(ocitest.Config{User: "100"}),
		"example/root:1":                    component(ocitest.Config{}),
		"example/large-user:1":              component(ocitest.Config{User: "100000"}),
		"example/getty:1":                   component(ocitest.Config{Entrypoint: []string{"/sbin/agetty"}}),
		"example/sshd:1":                    component(ocitest.Config{Entrypoint: []string{"/usr/sbin/sshd"}}),
		"example/label:1":                   component(ocitest.Config{Labels: map[string]string{"org.mobyproject.config": `{"capabilities": ["CAP_SYS_TIME"]}`}}),
		"example/ambient:1":                 component(ocitest.Config{Labels: map[string]string{"org.mobyproject.config": `{"ambient": ["CAP_SYS_MODULE"]}`}}),
		"example/mounts:1":                  component(ocitest.Config{Labels: map[string]string{"org.mobyproject.config": `{"runtime": {"mounts": [{"type": "bind", "source": "/var/x", "destination": "/init", "options": ["bind"]}, {"type": "bind", "source": "/", "destination": "host", "options": ["bind"]}]}}`}}),
		"example/annotated:1":               component(ocitest.Config{Labels: map[string]string{"org.mobyproject.config": `{"annotations": {"run.oci.handler": "wasm"}}`}}),
		"example/env:1":                     component(ocitest.Config{Env: []string{"API_TOKEN=ghp_16C7e42F292c6912E7710c838347Ae178B4a"}}),
		"example/ports:1":                   component(ocitest.Config{ExposedPorts: []string{"80/tcp"}}),
		"example/setuid:1":                  component(ocitest.Config{}, mode(ocitest.Exec("usr/bin/su", "su"), 0o4755)),
		"example/caps:1":                    component(ocitest.Config{}, ocitest.Entry{Path: "usr/bin/ping", Mode: 0o755, Content: "ping", Xattrs: map[string]string{"security.capability": "\x01\x00\x00\x02\x00\x20\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00\x00"}}),
		"example/writable:1":                component(ocitest.Config{}, mode(file("srv/data", "data"), 0o666)),
		"example/sticky:1":                  component(ocitest.Config{}, mode(ocitest.Dir("srv/tmp"), 0o1777)),
		"example/key:1":                     component(ocitest.Config{}, mode(file("etc/web.key", testKey), 0o600)),
		"example/apt:1":                     component(ocitest.Config{}, ocitest.Exec("usr/bin/apt", "apt")),
		"example/gcc:1":                     component(ocitest.Config{}, ocitest.Exec("usr/bin/gcc", "gcc")),
		"example/shadow:1":                  component(ocitest.Config{}, mode(file("etc/shadow", "root:*:19000:0:99999:7:::\n"), 0o644)),
		"example/shadow:2":                  component(ocitest.Config{}, mode(file("etc/shadow", "root:*:19000:0:99999:7:::\n"), 0o600)),
		"example/password:1":                component(ocitest.Config{}, mode(file("etc/shadow", "root::19000:0:99999:7:::\n"), 0o600)),
		"example/password:2":                component(ocitest.Config{}, mode(file("etc/shadow", "root:$6$saltstring$hWds/4XPpAsysnYn0XfmQdS0RAhsm9XE1N89qYKToFP8eDoThGKMikxoKDxILTPPHvGbJ1z4tJHPEpAWjqEeU.:19000:0:99999:7:::\n"), 0o600)),
		"example/ids:1":                     component(ocitest.Config{}, file("etc/passwd", "root:x:0:0::/:/bin/sh\ntoor:x:0:0::/:/bin/sh\n")),
		"example/ids:2":                     component(ocitest.Config{}, file("etc/passwd", "root:x:0:0::/:/bin/sh\nweb:x:100:100::/:/bin/false\n")),
		"example/sshd-open:1":               component(ocitest.Config{}, file("etc/ssh/sshd_config", "PermitRootLogin yes\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n")),
		"example/sshd-keys:1":               component(ocitest.Config{}, file("etc/ssh/sshd_config", "PermitRootLogin no\nPasswordAuthentication no\nKbdInteractiveAuthentication no\n")),
		"example/keys:1":                    component(ocitest.Config{}, mode(file("root/.ssh/authorized_keys", "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIE somebody\n"), 0o600)),
		"example/xz:1":                      software(ocitest.Config{}, "Package: xz-utils\nStatus: install ok installed\nVersion: 5.6.1-1\nArchitecture: amd64\nMaintainer: nobody <nobody@example.org>\n\n"),
		"example/xz:2":                      software(ocitest.Config{}, "Package: xz-utils\nStatus: install ok installed\nVersion: 5.6.2-1\nArchitecture: amd64\nMaintainer: nobody <nobody@example.org>\n\n"),
		"linuxkit/getty:1":                  component(ocitest.Config{}),
		"registry.example/web:1":            component(ocitest.Config{}),
		"registry.example/seaworthy/init:1": component(ocitest.Config{}),
		"example/unknown:1":                 {Arch: "amd64", Config: ocitest.Config{Entrypoint: []string{"/usr/bin/web"}}, Layers: []ocitest.Layer{{Entries: []ocitest.Entry{ocitest.Exec("usr/bin/web", "web")}}}},
	}
	maps.Copy(images, attackImages())
	maps.Copy(images, honestImages())
	return images
}

const testKey = "-----BEGIN OPENSSH PRIVATE KEY-----\ndGhpcyBpcyBubyBrZXksIGJ1dCBpdCBzdGFuZHMgd2hlcmUgcGVvcGxlIHB1dCB0aGVpcnM=\n-----END OPENSSH PRIVATE KEY-----\n"

// component returns an image with one package that owns its program.
func component(config ocitest.Config, entries ...ocitest.Entry) ocitest.Image {
	return software(config, "Package: web\nStatus: install ok installed\nVersion: 1.0-1\nArchitecture: amd64\nMaintainer: nobody <nobody@example.org>\n\n", entries...)
}

func software(config ocitest.Config, status string, entries ...ocitest.Entry) ocitest.Image {
	if config.Entrypoint == nil {
		config.Entrypoint = []string{"/usr/bin/web"}
	}
	name, _, _ := strings.Cut(strings.TrimPrefix(status, "Package: "), "\n")
	base := []ocitest.Entry{
		ocitest.Exec(strings.TrimPrefix(config.Entrypoint[0], "/"), "program"),
		ocitest.File("etc/os-release", "ID=debian\nVERSION_ID=\"12\"\nPRETTY_NAME=\"Debian GNU/Linux 12 (bookworm)\"\n"),
		ocitest.File("var/lib/dpkg/status", status),
		ocitest.File("var/lib/dpkg/info/"+name+".list", config.Entrypoint[0]+"\n/etc/os-release\n"),
	}
	return ocitest.Image{Arch: "amd64", Config: config, Layers: []ocitest.Layer{{Entries: append(base, entries...)}}}
}

// table reads the rows of a table of the rules.
func table[Row any](t *testing.T, name string) []Row {
	t.Helper()
	raw, err := os.ReadFile("../rules/data/" + name + ".json")
	if err != nil {
		t.Fatal(err)
	}
	var tables map[string]json.RawMessage
	if err := json.Unmarshal(raw, &tables); err != nil {
		t.Fatal(err)
	}
	var rows []Row
	if err := json.Unmarshal(tables[name], &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// goodConfig returns a kernel configuration that meets the table. The first row of an
// option counts.
func goodConfig(t *testing.T) string {
	t.Helper()
	options := map[string]string{
		"CONFIG_MODULES": "y", "CONFIG_CPU_SUP_INTEL": "y", "CONFIG_CPU_SUP_AMD": "y", "CONFIG_CC_IS_GCC": "y",
		"CONFIG_BPF_SYSCALL": "y", "CONFIG_BPF_JIT": "y", "CONFIG_USER_NS": "y", "CONFIG_IPV6": "y", "CONFIG_KEXEC_CORE": "y",
		"CONFIG_PERF_EVENTS": "y", "CONFIG_MAGIC_SYSRQ": "y", "CONFIG_LSM": "landlock,lockdown,yama,apparmor,bpf",
	}
	type row struct {
		Option string
		Want   any
		Arches []string
	}
	for _, r := range table[row](t, "kconfig") {
		if options[r.Option] != "" || len(r.Arches) > 0 && !slices.Contains(r.Arches, "amd64") {
			continue
		}
		switch want := r.Want.(type) {
		case string:
			options[r.Option] = want
		case []any:
			options[r.Option], _ = want[0].(string)
		case map[string]any:
			if least, ok := want["min"].(float64); ok {
				options[r.Option] = fmt.Sprintf("%.0f", least)
			}
		}
	}
	lines := []string{"# Linux/x86 6.12.58 Kernel Configuration", "CONFIG_INIT_ENV_ARG_LIMIT=32", "CONFIG_HZ=250", "CONFIG_PGTABLE_LEVELS=4"}
	for name, value := range options {
		switch {
		case value == "n":
			lines = append(lines, "# "+name+" is not set")
		case value == "y" || value == "m" || strings.Trim(value, "0123456789") == "":
			lines = append(lines, name+"="+value)
		default:
			lines = append(lines, name+"="+fmt.Sprintf("%q", value))
		}
	}
	slices.Sort(lines[1:])
	return strings.Join(lines, "\n") + "\n"
}

// embedded returns a configuration in the form in which a kernel contains it
// (CONFIG_IKCONFIG).
func embedded(t *testing.T, config string) string {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write([]byte(config)); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return "IKCFG_ST" + b.String() + "IKCFG_ED"
}

// goodSysctls returns a sysctl.d file that meets the table, except that it allows
// user namespaces, because services of the examples run in them.
func goodSysctls(t *testing.T) string {
	t.Helper()
	type row struct{ Key, Set string }
	rows := table[row](t, "sysctl")
	slices.SortStableFunc(rows, func(a, b row) int { return cmp.Compare(a.Key, b.Key) })
	var b strings.Builder
	for _, r := range rows {
		if r.Key == "user.max_user_namespaces" {
			continue
		}
		fmt.Fprintf(&b, "%s = %s\n", r.Key, r.Set)
	}
	return b.String()
}
