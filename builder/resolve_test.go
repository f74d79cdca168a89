package builder_test

import (
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

// bench writes an os.yml and other files to a folder. It resolves the os.yml
// with a small set of images.
type bench struct{ dir, layout string }

func newBench(t *testing.T) bench {
	t.Helper()
	image := func(label string) ocitest.Image {
		i := ocitest.Image{Config: ocitest.Config{Cmd: []string{"/app"}}, Layers: []ocitest.Layer{{Entries: []ocitest.Entry{ocitest.Exec("app", label)}}}}
		if label != "" {
			i.Config.Labels = map[string]string{"org.mobyproject.config": label}
		}
		return i
	}
	silent := image("")
	silent.Config.Cmd = nil
	b := bench{t.TempDir(), filepath.Join(t.TempDir(), "layout")}
	ocitest.WriteLayout(t, b.layout,
		ocitest.Named("docker.io/a/app:1", ocitest.Index{image("")}),
		ocitest.Named("docker.io/a/silent:1", ocitest.Index{silent}),
		ocitest.Named("docker.io/a/bad:1", ocitest.Index{image(`{"binds": 5}`)}),
		ocitest.Named("ghcr.io/org/app:2", ocitest.Index{image(`{"readonly": true}`)}),
	)
	return b
}

func (b bench) write(t *testing.T, name, text string) string {
	t.Helper()
	file := filepath.Join(b.dir, name)
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	return file
}

func (b bench) resolve(t *testing.T, text string, change ...func(*builder.Options)) (*builder.Resolved, error) {
	t.Helper()
	o := builder.Options{Files: []string{b.write(t, "os.yml", text)}, Arch: "amd64", Components: []string{b.layout}, Offline: true}
	for _, c := range change {
		c(&o)
	}
	r, err := builder.Resolve(t.Context(), o)
	if r != nil {
		t.Cleanup(func() { r.Store.Close() })
	}
	return r, err
}

func TestResolve(t *testing.T) {
	t.Parallel()
	r, err := newBench(t).resolve(t, `kernel: {image: a/app:1, cmdline: quiet}
init: [a/app:1]
onboot:
  - {name: step, image: a/app:1}
  - {name: step, image: a/app:1}
  - {name: step.2, image: ghcr.io/org/app:2}
services:
  - {name: web, image: ghcr.io/org/app:2}
trust: {image: [a/app], org: [ghcr.io/other]}
`)
	if err != nil {
		t.Fatal(err)
	}
	if r.OS.Name != "os" || r.OS.Kernel.Cmdline != "quiet" || r.OS.Kernel.Tar != "kernel.tar" || r.OS.Kernel.Binary != "kernel" {
		t.Errorf("%q, kernel %+v", r.OS.Name, r.OS.Kernel)
	}
	var got []string
	for _, c := range r.OS.Components {
		line := c.ID() + " " + c.FilesDir
		if c.SharesFiles {
			line += " shared"
		}
		if c.ReadOnly {
			line += " ro"
		}
		if c.Signed {
			line += " signed"
		}
		got = append(got, line)
	}
	want := []string{
		"kernel  signed",
		"init/000  signed",
		"onboot/step containers/onboot/000-step/lower signed",
		"onboot/step.3 containers/onboot/000-step/lower shared signed",
		"onboot/step.2 containers/onboot/002-step.2/rootfs ro",
		"services/web containers/onboot/002-step.2/rootfs shared ro",
	}
	if !slices.Equal(got, want) {
		t.Errorf("got\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
	if p := r.OS.Components[3].Pos.String(); p != "os.yml:5:25" {
		t.Errorf("place %s", p)
	}
}

// One run reports every missing image, and each only once.
func TestMissingImages(t *testing.T) {
	t.Parallel()
	_, err := newBench(t).resolve(t, "init: [a/gone:1, a/app:1]\nservices:\n  - {name: a, image: a/away:2}\n  - {name: b, image: a/gone:1}\n")
	if !errors.Is(err, system.ErrUnusable) {
		t.Fatalf("error %v", err)
	}
	for _, place := range []string{"os.yml:1:8: ", "os.yml:3:22: "} {
		if strings.Count(err.Error(), place) != 1 {
			t.Errorf("no error at %s in:\n%v", place, err)
		}
	}
	if strings.Count(err.Error(), "a/gone:1") != 1 {
		t.Errorf("an image is reported twice:\n%v", err)
	}
}

func TestErrors(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	for name, test := range map[string]struct {
		text string
		kind error
		want string
	}{
		"no command":   {"services:\n  - {name: a, image: a/silent:1}\n", system.ErrInput, `os.yml:2:22: services "a": image a/silent:1 has no command`},
		"bad label":    {"onboot:\n  - {name: a, image: a/bad:1}\n  - {name: b, image: a/bad:1}\n", system.ErrUnusable, `os.yml:2:22: image a/bad:1: label org.mobyproject.config: /binds: expected a list, found the number 5`},
		"no profile":   {"services:\n  - {name: a, image: a/app:1, seccomp: gone.json}\n", system.ErrInput, `os.yml:2:40: services "a": cannot read the seccomp profile "gone.json": no such file or directory`},
		"no source":    {"files:\n  - {path: a, source: gone}\n", system.ErrInput, `os.yml:2:23: file "a": cannot read the source "gone": file does not exist`},
		"folder":       {"files:\n  - {path: a, source: ., optional: true}\n", system.ErrInput, `os.yml:2:23: file "a": cannot read the source ".": not a regular file`},
		"two problems": {"services:\n  - {name: a, image: a/silent:1}\nfiles:\n  - {path: a, source: gone}\n", system.ErrInput, "os.yml:2:22: services \"a\": image a/silent:1 has no command\nos.yml:4:23: file \"a\": cannot read the source \"gone\": file does not exist"},
	} {
		_, err := b.resolve(t, test.text)
		if !errors.Is(err, test.kind) || err.Error() != test.want {
			t.Errorf("%s:\ngot  %v\nwant %s", name, err, test.want)
		}
	}
	_, err := b.resolve(t, "init: [a/app:1]\n", func(o *builder.Options) { o.Arch = "sparc" })
	if err == nil || err.Error() != `unknown architecture "sparc"` {
		t.Errorf("architecture: %v", err)
	}
	_, err = b.resolve(t, "init: [a/app:1]\n", func(o *builder.Options) { o.Name = "../x" })
	if err == nil || err.Error() != `the name "../x" cannot be part of a file name` {
		t.Errorf("name: %v", err)
	}
}

func TestFiles(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write(t, "motd", "hello\n")
	two := b.write(t, "two.yml", "files:\n  - {path: etc/a, contents: second}\n  - {path: etc/b, source: gone, optional: true}\n")
	r, err := b.resolve(t, `services:
  - {name: web, image: a/app:1}
files:
  - {path: etc/a, contents: first}
  - {path: etc/b, contents: kept}
  - {path: /etc/motd, source: ./motd, mode: "4755", uid: web}
  - {path: etc/dir, directory: true}
  - {path: etc/link, symlink: ../x}
  - {path: etc/meta, metadata: json}
`, func(o *builder.Options) { o.Files = append(o.Files, two) })
	if err != nil {
		t.Fatal(err)
	}
	files := map[string]system.File{}
	for _, f := range r.OS.Files {
		if _, twice := files[f.Path]; twice {
			t.Errorf("%s is listed twice", f.Path)
		}
		files[f.Path] = f
	}
	if f := files["etc/a"]; string(f.Contents) != "second" || f.Mode != 0o600 || f.Pos.File != "two.yml" {
		t.Errorf("etc/a %+v", f)
	}
	if f := files["etc/b"]; string(f.Contents) != "kept" {
		t.Errorf("a missing optional file has replaced an earlier entry: %+v", f)
	}
	f := files["etc/motd"]
	if f.Mode != 0o4755 || f.UID != 100 || f.GID != 0 || f.Size != 6 || f.Source != filepath.Join(b.dir, "motd") || f.SourceText != "./motd" ||
		f.Digest != "sha256:5891b5b522d5df086d0ff0b110fbd9d21bb4fc7163af34d08286a2e846f6be03" {
		t.Errorf("etc/motd %+v", f)
	}
	if files["etc/dir"].Type != system.TypeDir || files["etc/dir"].Mode != 0o700 || files["etc/link"].Link != "../x" {
		t.Errorf("%+v", files)
	}
	var meta struct {
		Services []map[string]string
		Files    []map[string]any
	}
	decode(t, files["etc/meta"].Contents, &meta)
	if len(meta.Services) != 1 || meta.Services[0]["image"] != "a/app:1" || len(meta.Files) != 8 {
		t.Errorf("metadata %+v", meta)
	}
}

func TestLock(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	const text = "kernel: {image: a/app:1}\nservices:\n  - {name: web, image: ghcr.io/org/app:2}\n"
	locked := func(o *builder.Options) { o.Locked = true }
	if _, err := b.resolve(t, text, locked); !errors.Is(err, system.ErrInput) {
		t.Fatalf("without a lock: %v", err)
	}
	r, err := b.resolve(t, text)
	if err != nil {
		t.Fatal(err)
	}
	path := builder.LockPath(filepath.Join(b.dir, "os.yml"))
	if filepath.Base(path) != "os.lock.json" {
		t.Errorf("lock at %s", path)
	}
	lock := builder.MakeLock(r, builder.Pins{Builder: "v0", Policy: "baseline", PolicyDigest: "sha256:" + strings.Repeat("a", 64)})
	if err := lock.Write(path); err != nil {
		t.Fatal(err)
	}
	again, err := b.resolve(t, text, locked)
	if err != nil {
		t.Fatal(err)
	}
	if again.Lock == nil || !strings.HasPrefix(again.LockDigest, "sha256:") || !again.OS.Components[1].Image.Locked {
		t.Errorf("lock %v, digest %q", again.Lock, again.LockDigest)
	}
	if _, err = b.resolve(t, text+"  - {name: more, image: a/silent:1, command: [x]}\n", locked); !errors.Is(err, system.ErrMismatch) || !strings.Contains(err.Error(), "os.yml:4:25: ") {
		t.Errorf("an image that is not in the lock: %v", err)
	}
	for i := range lock.Components {
		lock.Components[i].Digest = "sha256:" + strings.Repeat("b", 64)
	}
	lock.Kernel = nil
	if err := lock.Write(path); err != nil {
		t.Fatal(err)
	}
	if _, err = b.resolve(t, text, locked); !errors.Is(err, system.ErrMismatch) || strings.Count(err.Error(), "the lock has the digest") != 2 {
		t.Errorf("images that changed: %v", err)
	}
}

func TestSeccompFile(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write(t, "p.json", `{"defaultAction": "SCMP_ACT_LOG"}`)
	r, err := b.resolve(t, "services:\n  - {name: a, image: a/app:1, seccomp: p.json}\n")
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(string(r.OS.Components[0].Spec), `"defaultAction": "SCMP_ACT_LOG"`) {
		t.Errorf("%s", r.OS.Components[0].Spec)
	}
}

// Given contents are read instead of a file, and their paths start from its folder.
func TestContents(t *testing.T) {
	t.Parallel()
	b := newBench(t)
	b.write(t, "profile.json", `{"defaultAction": "SCMP_ACT_ALLOW", "syscalls": []}`)
	more := filepath.Join(b.dir, "more.yml")
	r, err := b.resolve(t, "services: [{name: old, image: a/app:1}]\n", func(o *builder.Options) {
		o.Contents = map[string][]byte{
			o.Files[0]: []byte("services: [{name: web, image: a/app:1, seccomp: profile.json}]\n"),
			more:       []byte("services: [{name: more, image: a/app:1}]\n"),
		}
		o.Files = append(o.Files, more)
	})
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, c := range r.OS.Components {
		names = append(names, c.Name)
	}
	if !slices.Equal(names, []string{"web", "more"}) || r.OS.Name != "os" {
		t.Errorf("%s has the services %v", r.OS.Name, names)
	}
}

// TestAutoUsers: each container with `userns: auto` has its own ids, its own copy of the
// image's files, and the files that os.yml gives to it.
func TestAutoUsers(t *testing.T) {
	t.Parallel()
	r, err := newBench(t).resolve(t, `services:
  - {name: host, image: a/app:1}
  - {name: one, image: a/app:1, userns: auto}
  - {name: two, image: a/app:1, userns: auto}
  - {name: three, image: a/app:1, userns: new, uidMappings: [{containerID: 0, hostID: 1048576, size: 1000000000}]}
files:
  - {path: etc/one, contents: x, uid: one, gid: host}
`)
	if err != nil {
		t.Fatal(err)
	}
	c := r.OS.Components
	for _, i := range []int{0, 3} {
		if c[i].Users != 0 {
			t.Errorf("%s has its own ids", c[i].ID())
		}
	}
	one, two := c[1].Users, c[2].Users
	if one == two || min(one, two) <= 1000000000 {
		t.Errorf("ranges from %d and %d", one, two)
	}
	folders := []string{"containers/services/host/lower", "containers/services/one/lower", "containers/services/two/lower", "containers/services/host/lower"}
	for i, want := range folders {
		if c[i].FilesDir != want || c[i].SharesFiles != (i == 3) {
			t.Errorf("%s has the files of %s", c[i].ID(), c[i].FilesDir)
		}
	}
	if f := r.OS.Files[0]; f.UID != int(one)+101 || f.GID != 100 {
		t.Errorf("etc/one belongs to %d:%d", f.UID, f.GID)
	}
}
