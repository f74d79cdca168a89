package trace

import (
	"encoding/json"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	specs "github.com/opencontainers/runtime-spec/specs-go"

	"github.com/seaworthy-os/seaworthy/builder/spec/edit"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/tracing"
)

const osYML = `services:
  - name: web
    image: web:1
    capabilities: [all]
    binds: ["/srv/in:/srv/in", "/srv/data:/srv/data:rw,nosuid"]
    tmpfs: ["/tmp:size=1m", "/scratch"]
    devices: [{path: /dev/fuse, type: c, major: 10, minor: 229, mode: "0600"}, {path: all}]
`

// webTracer is a tracer of the service above.
func webTracer(t *testing.T) *tracer {
	t.Helper()
	entry := `{"name": "web", "image": "web:1", "capabilities": ["all"], "binds": ["/srv/in:/srv/in", "/srv/data:/srv/data:rw,nosuid"],
		"tmpfs": ["/tmp:size=1m", "/scratch"], "devices": [{"path": "/dev/fuse", "type": "c", "major": 10, "minor": 229, "mode": "0600"}, {"path": "all"}]}`
	written := system.Origin{Layer: system.LayerOSYML}
	return &tracer{
		Options: Options{Target: Target{system.SectionServices, "web"}, Sources: []edit.File{{Name: "os.yml", Data: []byte(osYML)}}},
		component: &system.Component{Section: system.SectionServices, Name: "web", Entry: []byte(entry), Pos: system.Position{File: "os.yml"},
			Origins: map[string]system.Origin{"/mounts/1": written, "/mounts/2": written, "/mounts/3": written, "/mounts/4": written}},
		spec: &specs.Spec{
			Root: &specs.Root{}, Linux: &specs.Linux{Devices: []specs.LinuxDevice{{Path: "/dev/fuse"}}, Resources: &specs.LinuxResources{}},
			Process: &specs.Process{Capabilities: &specs.LinuxCapabilities{Bounding: []string{"CAP_CHOWN", "CAP_SYS_ADMIN"}}},
			Mounts: []specs.Mount{
				{Destination: "/dev", Type: "tmpfs", Source: "tmpfs"},
				{Destination: "/scratch", Type: "tmpfs", Source: "tmpfs"},
				{Destination: "/srv/data", Type: "bind", Source: "/srv/data", Options: []string{"rw", "nosuid", "rbind"}},
				{Destination: "/srv/in", Type: "bind", Source: "/srv/in", Options: []string{"rw", "rbind", "rshared"}},
				{Destination: "/tmp", Type: "tmpfs", Source: "tmpfs", Options: []string{"size=1m"}},
			},
		},
	}
}

// webReport is what was measured.
func webReport() *Report {
	return &Report{Component: "services/web", Arch: "amd64",
		Capabilities: []Capability{{Name: "CAP_CHOWN", Needed: true, Without: "the service ended"}, {Name: "CAP_SYS_ADMIN"}},
		Calls: []Call{{Name: "read", Program: "web", Phase: phaseStart}, {Name: "clone", Program: "web", Phase: phaseStart},
			{Name: "socket", Program: "web", Phase: phaseStart, Details: []string{"AF_INET", "AF_NETLINK raw", "family 40"}}},
		Files: []File{
			{Path: "/srv/data/x", Kind: tracing.KindFile, Call: "openat", Program: "web", Phase: phaseExercise},
			{Path: "/tmp/x", Kind: tracing.KindFile, Call: "openat", Program: "web", Phase: phaseExercise},
			{Path: "/usr/refused", Kind: tracing.KindFile, Call: "openat", Program: "web", Phase: phaseExercise, ReadOnly: true},
			{Path: "/var/lib/web/sub/x", Kind: tracing.KindFile, Call: "mkdir", Program: "web", Phase: phaseStart},
		},
		Devices: []File{{Path: "/dev/fuse", Kind: tracing.KindDevice, Call: "openat"}, {Path: "/dev/null", Kind: tracing.KindDevice, Call: "openat"}},
		folders: map[string]tracing.Folder{"/var/lib/web": {Path: "/var/lib/web", Exists: true, Empty: true, Mode: 0o750, UID: 33, GID: 34}, "/var/lib": {Exists: true}, "/var": {Exists: true}},
	}
}

// The proposal is exactly what was seen, and patch applies it.
func TestPropose(t *testing.T) {
	t.Parallel()
	tr, r := webTracer(t), webReport()
	p, err := tr.propose(r)
	if err != nil {
		t.Fatal(err)
	}
	after, err := edit.Apply(tr.Sources, p.edits("web.seccomp.json"))
	if err != nil {
		t.Fatal(err)
	}
	want := `services:
  - name: web
    image: web:1
    capabilities: [CAP_CHOWN]
    binds: ["/srv/data:/srv/data:rw,nosuid", "/srv/in:/srv/in:ro"]
    tmpfs: [/tmp:size=1m, "/var/lib/web:rw,nosuid,nodev,noexec,size=64m,uid=33,gid=34,mode=0750"]
    devices: [{major: 10, minor: 229, mode: "0600", path: /dev/fuse, type: c}]
    readonly: true
    resources: {devices: [{access: rwm, allow: false}]}
    seccomp: web.seccomp.json
`
	if got := string(after[0].Data); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
	for _, c := range p.changes {
		if c.Reason == "" {
			t.Errorf("%s %s has no reason", c.Op, c.Path)
		}
	}
	patch, err := exec.LookPath("patch")
	if err != nil {
		t.Skip("the diff was not applied: patch is not installed")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "os.yml"), []byte(osYML), 0o644); err != nil {
		t.Fatal(err)
	}
	r.Profile, r.Changes = p.profile, p.changes
	file, err := tr.profileDiff(p.profile)
	if err != nil {
		t.Fatal(err)
	}
	r.Diff = edit.Diff(tr.Sources, after) + file
	var text strings.Builder
	r.WriteText(&text)
	cmd := exec.CommandContext(t.Context(), patch, "-p1")
	cmd.Dir, cmd.Stdin = dir, strings.NewReader(text.String())
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s\n%s", err, out, text.String())
	}
	for name, want := range map[string]string{"os.yml": want, "web.seccomp.json": string(p.profile)} {
		if got, err := os.ReadFile(filepath.Join(dir, name)); err != nil || string(got) != want {
			t.Errorf("patch made %s:\n%s\n%v", name, got, err)
		}
	}
}

// A folder with files in the image cannot become a tmpfs: the root stays writable.
func TestRootStaysWritable(t *testing.T) {
	t.Parallel()
	tr, r := webTracer(t), webReport()
	r.folders["/var/lib/web"] = tracing.Folder{Exists: true}
	p, err := tr.propose(r)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range p.changes {
		if c.Path == "/readonly" {
			t.Error("a read-only root is proposed")
		}
	}
	if !strings.Contains(strings.Join(r.Notes, "\n"), "/var/lib/web/sub/x") {
		t.Errorf("no note says which file needs the writable root: %v", r.Notes)
	}
}

// The profile allows what was seen, with the arguments that were seen, and keeps the
// answers and conditions of the filter before.
func TestProfile(t *testing.T) {
	t.Parallel()
	nosys := uint(38)
	before := &specs.LinuxSeccomp{DefaultAction: specs.ActErrno, Syscalls: []specs.LinuxSyscall{
		{Names: []string{"read", "write"}, Action: specs.ActAllow},
		{Names: []string{"personality"}, Action: specs.ActAllow, Args: []specs.LinuxSeccompArg{{Value: 8, Op: specs.OpEqualTo}}},
		{Names: []string{"clone3", "read"}, Action: specs.ActErrno, ErrnoRet: &nosys},
	}}
	r := webReport()
	r.Calls = append(r.Calls, Call{Name: "personality"})
	data, err := r.profile(before)
	if err != nil {
		t.Fatal(err)
	}
	var p struct {
		DefaultAction   string
		DefaultErrnoRet uint
		Syscalls        []struct {
			Names   []string
			Action  string
			Args    []specs.LinuxSeccompArg
			Comment string
		}
	}
	if err := json.Unmarshal(data, &p); err != nil {
		t.Fatal(err)
	}
	if p.DefaultAction != "SCMP_ACT_ERRNO" || p.DefaultErrnoRet != 1 {
		t.Errorf("other calls get %s %d", p.DefaultAction, p.DefaultErrnoRet)
	}
	var got []string
	for _, s := range p.Syscalls {
		line := strings.Join(s.Names, ",") + " " + strings.TrimPrefix(s.Action, "SCMP_ACT_")
		for _, a := range s.Args {
			text, _ := json.Marshal(a)
			line += " " + string(text)
		}
		got = append(got, line)
		if s.Comment == "" {
			t.Errorf("%v has no comment", s.Names)
		}
	}
	want := []string{"read ALLOW",
		`clone ALLOW {"index":0,"value":2114060288,"op":"SCMP_CMP_MASKED_EQ"}`,
		`socket ALLOW {"index":0,"value":2,"op":"SCMP_CMP_EQ"}`, `socket ALLOW {"index":0,"value":16,"op":"SCMP_CMP_EQ"}`, `socket ALLOW {"index":0,"value":40,"op":"SCMP_CMP_EQ"}`,
		`personality ALLOW {"index":0,"value":8,"op":"SCMP_CMP_EQ"}`, "write ALLOW", "clone3 ERRNO"}
	if strings.Join(got, "\n") != strings.Join(want, "\n") {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// A program makes some calls only when memory, time or a signal asks for them. They are
// allowed if the filter before allowed them, and nothing else is.
func TestProfileMargin(t *testing.T) {
	t.Parallel()
	for name, c := range map[string]struct {
		before  *specs.LinuxSeccomp
		allowed bool
	}{
		"no filter":           {nil, true},
		"one that allows":     {&specs.LinuxSeccomp{DefaultAction: specs.ActAllow}, true},
		"one that refuses it": {&specs.LinuxSeccomp{DefaultAction: specs.ActAllow, Syscalls: []specs.LinuxSyscall{{Names: []string{"tgkill", "prlimit64"}, Action: specs.ActErrno}}}, false},
		"one without it":      {&specs.LinuxSeccomp{DefaultAction: specs.ActErrno}, false},
	} {
		data, err := webReport().profile(c.before)
		if err != nil {
			t.Fatal(err)
		}
		names, conditional := passes(t, data)
		if slices.Contains(names, "tgkill") != c.allowed || slices.Contains(conditional, "prlimit64") != c.allowed || slices.Contains(names, "mkdir") {
			t.Errorf("%s: %v, %v", name, names, conditional)
		}
	}
}

// A second trace changes the profile of the first one.
func TestProfileDiff(t *testing.T) {
	t.Parallel()
	tr := webTracer(t)
	tr.Sources[0].Path = filepath.Join(t.TempDir(), "os.yml")
	name := filepath.Join(filepath.Dir(tr.Sources[0].Path), "web.seccomp.json")
	made, err := tr.profileDiff([]byte("{\n}\n"))
	if err != nil || made != "--- /dev/null\n+++ b/"+name+"\n@@ -0,0 +1,2 @@\n+{\n+}\n" {
		t.Errorf("a new profile: %v\n%s", err, made)
	}
	if err := os.WriteFile(name, []byte("{\n\"old\"\n}\n"), 0o644); err != nil {
		t.Fatal(err)
	}
	changed, err := tr.profileDiff([]byte("{\n}\n"))
	if err != nil || !strings.HasSuffix(changed, "@@ -1,3 +1,2 @@\n {\n-\"old\"\n }\n") {
		t.Errorf("a changed profile: %v\n%s", err, changed)
	}
	if same, err := tr.profileDiff([]byte("{\n\"old\"\n}\n")); err != nil || same != "" {
		t.Errorf("the same profile: %v\n%s", err, same)
	}
}

// A folder whose name has options in it is not proposed as a tmpfs.
func TestStrangeFolder(t *testing.T) {
	t.Parallel()
	tr, r := webTracer(t), webReport()
	r.Files = []File{{Path: "/var/x:suid,dev/y", Kind: tracing.KindFile, Call: "openat"}}
	r.folders = map[string]tracing.Folder{"/var/x:suid,dev": {Exists: true, Empty: true}}
	if out, why := tr.coverRoot(r); len(out) > 0 || !strings.Contains(why, "cannot be written") {
		t.Errorf("%v, %s", out, why)
	}
}
