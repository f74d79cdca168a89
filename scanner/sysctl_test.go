package scanner

import (
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
	st "github.com/seaworthy-os/seaworthy/scanner/scantest"
)

// sysctls collects the settings of components; own has the settings in their
// images, by component id.
func sysctls(t *testing.T, cmdline string, files []system.File, own map[string][]facts.Setting, components ...*system.Component) (facts.Sysctl, error) {
	t.Helper()
	sys := &system.OS{Components: components, Files: files}
	f := &facts.Facts{Cmdline: facts.Cmdline{Params: Cmdline(cmdline)}}
	for _, c := range components {
		f.Components = append(f.Components, facts.Component{ID: c.ID(), Files: facts.Inventory{Sysctl: own[c.ID()]}})
	}
	return (&Scanner{}).sysctl(sys, f)
}

func component(s system.Section, name, image, spec string) *system.Component {
	return &system.Component{Section: s, Name: name, Image: st.Image(image, "aa"), Spec: []byte(spec)}
}

func set(source, key, value string) facts.Setting {
	return facts.Setting{Key: key, Value: value, Source: source}
}

func TestSysctl(t *testing.T) {
	t.Parallel()
	source := filepath.Join(t.TempDir(), "local.conf")
	if err := os.WriteFile(source, []byte("kernel.panic = 10\n"), 0o600); err != nil {
		t.Fatal(err)
	}
	inline := system.File{Path: "etc/sysctl.d/90-site.conf", Type: system.TypeFile, Contents: []byte("kernel.sysrq = 0\n")}
	onDisk := system.File{Path: "etc/sysctl.d/91-disk.conf", Type: system.TypeFile, Source: source}
	conf := []facts.Setting{
		set("/etc/sysctl.d/00-a.conf", "kernel.kptr_restrict", "2"), set("/etc/sysctl.conf", "kernel.dmesg_restrict", "1"),
	}
	run := component(system.SectionOnboot, "sysctl", "docker.io/linuxkit/sysctl:1", `{"process":{"args":["/usr/bin/apply"]}}`)
	for name, c := range map[string]struct {
		cmdline    string
		files      []system.File
		own        map[string][]facts.Setting
		components []*system.Component
		applied    bool
		want       []string
	}{
		"nothing": {want: nil},
		"cmdline": {cmdline: "quiet sysctl.kernel.panic=1 sysctl/net/ipv4/ip_forward=0 sysctl.x sysctl.=1",
			want: []string{"cmdline cmdline kernel.panic=1", "cmdline cmdline net.ipv4.ip_forward=0"}},
		"by the image's name": {own: map[string][]facts.Setting{"onboot/sysctl": conf}, components: []*system.Component{run}, applied: true,
			want: []string{"onboot/sysctl /etc/sysctl.d/00-a.conf kernel.kptr_restrict=2", "onboot/sysctl /etc/sysctl.conf kernel.dmesg_restrict=1"}},
		"by its program": {own: map[string][]facts.Setting{"onboot/x": conf[:1]}, applied: true,
			components: []*system.Component{component(system.SectionOnboot, "x", "docker.io/a/b:1", `{"process":{"args":["/sbin/sysctl","--system"]}}`)},
			want:       []string{"onboot/x /etc/sysctl.d/00-a.conf kernel.kptr_restrict=2"}},
		"on its command line": {own: map[string][]facts.Setting{"onboot/x": conf}, applied: true,
			components: []*system.Component{component(system.SectionOnboot, "x", "docker.io/a/b:1", `{"process":{"args":["sysctl","-w","kernel.sysrq=0"]}}`)},
			want:       []string{"onboot/x spec kernel.sysrq=0"}},
		"files that no component applies": {own: map[string][]facts.Setting{"services/sysctl": conf, "onboot/y": conf},
			components: []*system.Component{component(system.SectionServices, "sysctl", "docker.io/linuxkit/sysctl:1", `{}`), component(system.SectionOnboot, "y", "docker.io/a/y:1", `{}`)}},
		"bound folder": {files: []system.File{inline, onDisk}, own: map[string][]facts.Setting{"onboot/sysctl": conf}, applied: true,
			components: []*system.Component{component(system.SectionOnboot, "sysctl", "docker.io/linuxkit/sysctl:1",
				`{"mounts":[{"destination":"/etc/sysctl.d","source":"/etc/sysctl.d","type":"bind","options":["ro"]}]}`)},
			want: []string{"onboot/sysctl /etc/sysctl.d/90-site.conf kernel.sysrq=0", "onboot/sysctl /etc/sysctl.d/91-disk.conf kernel.panic=10",
				"onboot/sysctl /etc/sysctl.conf kernel.dmesg_restrict=1"}},
		"bound file": {files: []system.File{inline}, own: map[string][]facts.Setting{"onboot/sysctl": conf[:1]}, applied: true,
			components: []*system.Component{component(system.SectionOnboot, "sysctl", "docker.io/linuxkit/sysctl:1",
				`{"mounts":[{"destination":"/etc/sysctl.d/50.conf","source":"/etc/sysctl.d/90-site.conf","type":"bind"}]}`)},
			want: []string{"onboot/sysctl /etc/sysctl.d/00-a.conf kernel.kptr_restrict=2", "onboot/sysctl /etc/sysctl.d/50.conf kernel.sysrq=0"}},
		"hidden by a tmpfs": {own: map[string][]facts.Setting{"onboot/sysctl": conf[:1]}, applied: true,
			components: []*system.Component{component(system.SectionOnboot, "sysctl", "docker.io/linuxkit/sysctl:1",
				`{"mounts":[{"destination":"/etc","source":"tmpfs","type":"tmpfs"}]}`)}},
		"init's files, bound": {own: map[string][]facts.Setting{"init/000": conf[:1]}, applied: true,
			components: []*system.Component{{Section: system.SectionInit, Name: "000", Image: st.Image("docker.io/a/init:1", "aa")},
				component(system.SectionOnboot, "sysctl", "docker.io/linuxkit/sysctl:1", `{"mounts":[{"destination":"/etc","source":"/etc","type":"bind"}]}`)},
			want: []string{"onboot/sysctl /etc/sysctl.d/00-a.conf kernel.kptr_restrict=2"}},
		"a component's own keys": {components: []*system.Component{component(system.SectionServices, "web", "docker.io/a/web:1",
			`{"linux":{"sysctl":{"net.core.somaxconn":"1","kernel.shmmax":"2","kernel.panic":"3","kernel.hostname":"x","fs.mqueue.msg_max":"4"},
			  "namespaces":[{"type":"network"},{"type":"ipc","path":"/proc/1/ns/ipc"},{"type":"uts"}]}}`)},
			want: []string{"services/web spec fs.mqueue.msg_max=4", "services/web spec kernel.panic=3", "services/web spec kernel.shmmax=2"}},
		"one separator too many": {cmdline: "sysctl.kernel..panic=1 sysctl/kernel/./sysrq=0",
			want: []string{"cmdline cmdline kernel.panic=1", "cmdline cmdline kernel.sysrq=0"}},
		"in the host's network": {components: []*system.Component{component(system.SectionServices, "web", "docker.io/a/web:1",
			`{"linux":{"sysctl":{"net.core.somaxconn":"1"},"namespaces":[{"type":"pid"}]}}`)}, want: []string{"services/web spec net.core.somaxconn=1"}},
	} {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			got, err := sysctls(t, c.cmdline, c.files, c.own, c.components...)
			if err != nil {
				t.Fatal(err)
			}
			var lines []string
			for i, s := range got.Settings {
				if s.Order != i {
					t.Errorf("order %d at %d", s.Order, i)
				}
				lines = append(lines, s.Component+" "+s.Source+" "+s.Key+"="+s.Value)
			}
			if got.Applied != c.applied || !slices.Equal(lines, c.want) {
				t.Errorf("applied %v, %q; want %q", got.Applied, lines, c.want)
			}
			if got.Settings == nil {
				t.Error("missing settings give null")
			}
		})
	}
	if _, err := sysctls(t, "", nil, nil, component(system.SectionOnboot, "x", "docker.io/a/x:1", "{")); err == nil {
		t.Error("a spec that is not JSON is accepted")
	}
	missing := system.File{Path: "etc/a.conf", Type: system.TypeFile, Source: filepath.Join(t.TempDir(), "gone")}
	if _, err := sysctls(t, "", []system.File{missing}, nil); err == nil {
		t.Error("a missing file is accepted")
	}
}
