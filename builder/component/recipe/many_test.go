package recipe

import (
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/spec"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// TestUnchanged: an image is made again only if something that it is made from has
// changed.
func TestUnchanged(t *testing.T) {
	t.Parallel()
	a := debianArchive(t)
	a.sum = "sha256:1"
	dir, layout, state := t.TempDir(), t.TempDir(), t.TempDir()
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	text := strings.Replace(toolRecipe, "files:\n", "files:\n  - {path: etc/source, source: source}\n", 1)
	text = strings.Replace(text, "config: {", "config: {seccomp: profile.json, ", 1)
	write(FileName, text)
	write("profile.json", `{"defaultAction": "SCMP_ACT_ERRNO"}`)
	write("source", "1")
	var rec *Recipe
	last := ""
	for _, step := range []struct {
		what      string
		change    func()
		unchanged bool
		same      bool // the digest
	}{
		{"first", func() {}, false, false},
		{"again", func() {}, true, true},
		{"another file", func() { write("other", "x") }, true, true},
		{"other lists, same packages", func() { a.sum = "sha256:2" }, true, true},
		{"a new version of a package", func() { a.sum = "sha256:3"; a.addLibtool(t, "5.3") }, false, false},
		{"that version again", func() {}, true, true},
		{"a source", func() { write("source", "2") }, false, false},
		{"a seccomp profile", func() { write("profile.json", `{"defaultAction": "SCMP_ACT_KILL"}`) }, false, false},
		{"a comment in it", func() { write("profile.json", `{"defaultAction": "SCMP_ACT_KILL" }`) }, true, true},
		{"a comment in the recipe", func() { write(FileName, text+"# more\n") }, false, true},
		{"a tag", func() { text = strings.Replace(text, "version:", "tags: [x]\nversion:", 1); write(FileName, text) }, false, true},
		{"a lost blob", func() { removeLargest(t, filepath.Join(layout, "blobs", "sha256")) }, false, true},
		{"a lost layout", func() { os.RemoveAll(layout) }, false, true},
		{"a damaged record", func() { damage(t, madePath(state, "amd64", rec)) }, false, true},
		{"another version", func() { write(FileName, strings.Replace(text, "tags: [x]\nversion: \"2\"", "version: \"3\"", 1)) }, false, false},
		{"that version again", func() {}, true, true},
		{"the first version again", func() { write(FileName, text) }, true, false},
	} {
		step.change()
		r, err := build(t.Context(), Options{Dir: dir, Output: layout, Arch: "amd64", StateDir: state}, a.open)
		if err != nil {
			t.Fatalf("%s: %v", step.what, err)
		}
		if rec, err = Load(dir); err != nil {
			t.Fatal(err)
		}
		if r.Unchanged != step.unchanged {
			t.Errorf("%s: unchanged is %v", step.what, r.Unchanged)
		}
		if same := r.Digest == last; same != step.same && last != "" {
			t.Errorf("%s: the digest is the same: %v", step.what, same)
		}
		if len(r.Packages) == 0 || r.Size == 0 || r.Manifest == "" {
			t.Errorf("%s: %+v", step.what, r)
		}
		last = r.Digest
	}
}

func removeLargest(t *testing.T, dir string) {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	largest, size := "", int64(-1)
	for _, e := range entries {
		if info, err := e.Info(); err == nil && info.Size() > size {
			largest, size = e.Name(), info.Size()
		}
	}
	if err := os.Remove(filepath.Join(dir, largest)); err != nil {
		t.Fatal(err)
	}
}

func damage(t *testing.T, name string) {
	t.Helper()
	if err := os.WriteFile(name, []byte(`{"schemaVersion": 1, "inputs": `), 0o644); err != nil {
		t.Fatal(err)
	}
}

// TestRevision: code that makes another image from the same inputs needs a new
// revision. If this test fails, increase revision, and write the new digest here.
func TestRevision(t *testing.T) {
	t.Parallel()
	r, err := tryBuild(t, debianArchive(t), t.TempDir(), toolRecipe)
	if err != nil {
		t.Fatal(err)
	}
	const want = "sha256:fdcfef052e392017d3224c2958303cec62be464ca907824b3e3c25e6a7102f98"
	if r.Manifest != want {
		t.Errorf("revision %d makes %s, not %s", revision, r.Manifest, want)
	}
}

// TestBuildAll: images are reported in the given order, and an error does not stop
// the others.
func TestBuildAll(t *testing.T) {
	t.Parallel()
	top := t.TempDir()
	var dirs []string
	for _, name := range []string{"c", "bad", "a", "b"} {
		dir := filepath.Join(top, name)
		if err := os.Mkdir(dir, 0o755); err != nil {
			t.Fatal(err)
		}
		text := "name: " + name + "\nversion: \"1\"\nfiles: [{path: x, contents: " + name + "}]\n"
		if name == "bad" {
			text += "unknown: 1\n"
		}
		if err := os.WriteFile(filepath.Join(dir, FileName), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
		dirs = append(dirs, dir)
	}
	for range 2 {
		var got []string
		err := BuildAll(t.Context(), Options{Output: filepath.Join(top, "layout"), Arch: "amd64", StateDir: top}, dirs, 3,
			func(r *Result) { got = append(got, r.Reference) })
		if err == nil || !strings.Contains(err.Error(), "unknown") {
			t.Errorf("%v", err)
		}
		if s := strings.Join(got, " "); s != "seaworthy/c:1 seaworthy/a:1 seaworthy/b:1" {
			t.Errorf("%s", s)
		}
	}
}

// TestConfine: keys of config replace those of confine.
func TestConfine(t *testing.T) {
	t.Parallel()
	rec, err := parse("c.yml", []byte("name: a\nversion: \"1\"\nconfine: {pids: 9, memory: 2}\nconfig: {capabilities: [CAP_NET_RAW], uid: 5}\n"))
	if err != nil {
		t.Fatal(err)
	}
	text := string(rec.Config)
	for _, want := range []string{`"capabilities":["CAP_NET_RAW"]`, `"uid":5`, `"seccomp":"default"`, `"limit":2097152`, `"limit":9`, `"readonly":true`, `{"access":"rwm","allow":false}`} {
		if !strings.Contains(text, want) {
			t.Errorf("the label lacks %s: %s", want, text)
		}
	}
	for _, bad := range []string{"{pids: 9}", "{pids: 0, memory: 1}", "{pids: x, memory: 1}", "{pids: 1, memory: 1, cpu: 1}"} {
		if _, err := parse("c.yml", []byte("name: a\nversion: \"1\"\nconfine: "+bad+"\n")); err == nil {
			t.Errorf("%s is accepted", bad)
		}
	}
}

// TestProfile: the label has the profile for its architecture, without comments. A
// profile that cannot be used is an error with its place.
func TestProfile(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	recipe := "name: web\nversion: \"1\"\nconfine: {pids: 9, memory: 2}\nconfig: {seccomp: web.json}\n"
	write := func(name, text string) {
		t.Helper()
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	write(FileName, recipe)
	layout := t.TempDir()
	try := func(arch string) (*Result, error) {
		return build(t.Context(), Options{Dir: dir, Output: layout, Arch: arch, StateDir: t.TempDir()}, nil)
	}
	write("web.json", `{"defaultAction": "SCMP_ACT_ERRNO", "defaultErrnoRet": 1, "syscalls": [
		{"names": ["open", "openat"], "action": "SCMP_ACT_ALLOW", "comment": "seen"}]}`)
	for arch, name := range map[string]string{"amd64": "X86_64", "arm64": "AARCH64", "riscv64": "RISCV64"} {
		r, err := try(arch)
		if err != nil {
			t.Fatal(err)
		}
		img, _, _ := image(t, layout, r.Manifest)
		label := img.Config.Labels[labelConfig]
		want := `"seccomp":{"defaultAction":"SCMP_ACT_ERRNO","defaultErrnoRet":1,"architectures":["SCMP_ARCH_` + name + `"],"syscalls":[{"names":["open","openat"],"action":"SCMP_ACT_ALLOW"}]}`
		if !strings.Contains(label, want) {
			t.Errorf("%s: %s lacks %s", arch, label, want)
		}
		if s, err := spec.ParseLabel("web", label, system.Position{File: "os.yml"}); err != nil || len(s.Seccomp.V.Profile.Syscalls) != 1 {
			t.Errorf("%s: %v", arch, err)
		}
	}
	for profile, want := range map[string]string{
		"":                                     "the JSON is truncated",
		`{"defaultAction": "SCMP_ACT_NOTIFY"}`: "cannot have the action",
		strings.Repeat(" ", maxText+1):         "",
	} {
		write("web.json", profile)
		if _, err := try("amd64"); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), `component.yml:4:19: the seccomp profile "web.json" cannot be used`) || !strings.Contains(err.Error(), want) {
			t.Errorf("%.50q: %v", profile, err)
		}
	}
	for _, name := range []string{"none.json", "../web.json", "/etc/passwd"} {
		write(FileName, strings.Replace(recipe, "web.json", name, 1))
		if _, err := try("amd64"); !errors.Is(err, system.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}
