package component

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

func TestLock(t *testing.T) {
	a, b := ocitest.Digest([]byte("a")), ocitest.Digest([]byte("b"))
	l := &Lock{Builder: "v1", Components: []LockedComponent{
		LockComponent(&system.Image{Reference: "redis", Name: "docker.io/library/redis:latest", Digest: a, Manifest: b}),
		LockComponent(&system.Image{Reference: "nginx:1", Name: "docker.io/library/nginx:1", Digest: b, Manifest: b}),
		LockComponent(&system.Image{Reference: "redis", Name: "docker.io/library/redis:latest", Digest: a, Manifest: b}),
	}, Kernel: &LockedKernel{Digest: a, Configs: map[string]string{"amd64": b}}, Policy: &LockedPolicy{"baseline", a, []LockedReference{{"example.org/rules:1", b}}}}
	file := filepath.Join(t.TempDir(), "os.lock.json")
	if err := l.Write(file); err != nil {
		t.Fatal(err)
	}
	raw, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	want := `{
  "schemaVersion": 1,
  "builder": "v1",
  "components": [
    {
      "reference": "nginx:1",
      "name": "docker.io/library/nginx:1",
      "digest": "` + b + `"
    },
    {
      "reference": "redis",
      "name": "docker.io/library/redis:latest",
      "digest": "` + a + `"
    }
  ],
  "kernel": {
    "digest": "` + a + `",
    "configs": {
      "amd64": "` + b + `"
    }
  },
  "policy": {
    "name": "baseline",
    "digest": "` + a + `",
    "references": [
      {
        "reference": "example.org/rules:1",
        "digest": "` + b + `"
      }
    ]
  }
}
`
	if string(raw) != want {
		t.Errorf("got %s\nwant %s", raw, want)
	}
	got, digest, err := ReadLock(file)
	if err != nil || digest != ocitest.Digest(raw) {
		t.Fatal(digest, err)
	}
	if again, err := got.Encode(); err != nil || string(again) != want {
		t.Errorf("read and written: %s, %v", again, err)
	}
	if d := got.Digests(); len(d) != 2 || d["docker.io/library/nginx:1"] != b {
		t.Errorf("%v", d)
	}
	if left, _ := os.ReadDir(filepath.Dir(file)); len(left) != 1 {
		t.Errorf("files left: %v", left)
	}
	two := &Lock{Components: []LockedComponent{{"x", "docker.io/library/x:latest", a, ""}, {"x:latest", "docker.io/library/x:latest", b, ""}}}
	if _, err := two.Encode(); err == nil || !strings.Contains(err.Error(), "different digests") {
		t.Errorf("one name, two digests: %v", err)
	}
}

// A lock keeps what it knows of other architectures while the kernel is the same.
func TestLockArchitectures(t *testing.T) {
	t.Parallel()
	lock := func(kernel, arch, config string) *Lock {
		return &Lock{Kernel: &LockedKernel{Digest: kernel, Configs: map[string]string{arch: config}}}
	}
	now := lock("k", "arm64", "1")
	now.KeepArchitectures(lock("k", "amd64", "2"))
	now.KeepArchitectures(lock("other", "riscv64", "3"))
	now.KeepArchitectures(lock("k", "arm64", "4"))
	now.KeepArchitectures(nil)
	if now.Config("amd64") != "2" || now.Config("arm64") != "1" || now.Config("riscv64") != "" {
		t.Errorf("%v", now.Kernel.Configs)
	}
	if old := (&Lock{Kernel: &LockedKernel{Config: "5"}}); old.Config("amd64") != "5" {
		t.Error("an older lock is not read")
	}
}

func TestBadLock(t *testing.T) {
	d := ocitest.Digest(nil)
	for name, c := range map[string]struct{ lock, says string }{
		"empty":          {``, "truncated"},
		"not JSON":       {"{\n  \"schemaVersion\": 1,\n  x", ":3:"},
		"cut short":      {`{"schemaVersion": 1`, "truncated"},
		"unknown key":    {`{"schemaVersion":1,"builder":"","components":[],"extra":1}`, `"extra"`},
		"unknown inside": {`{"schemaVersion":1,"components":[{"reference":"x","name":"docker.io/library/x:latest","digest":"` + d + `","trust":true}]}`, `"trust"`},
		"twice":          {`{"schemaVersion":1,"components":[],"components":[]}`, `duplicate member "components"`},
		"twice, in case": {`{"schemaVersion":1,"components":[],"Components":[]}`, `its correct spelling is "components"`},
		"two values":     {`{"schemaVersion":1,"components":[]}{}`, "more text after"},
		"version":        {`{"schemaVersion":2,"components":[]}`, "schemaVersion 2"},
		"type":           {"{\"schemaVersion\":1,\n\"components\":{}}", ":2:"},
		"array":          {`[]`, "cannot unmarshal"},
		"digest":         {`{"schemaVersion":1,"components":[{"reference":"x","name":"docker.io/library/x:latest","digest":"sha256:12"}]}`, `"sha256:12"`},
		"name":           {`{"schemaVersion":1,"components":[{"reference":"x","name":"docker.io/library/y:latest","digest":"` + d + `"}]}`, "must have the name"},
		"reference":      {`{"schemaVersion":1,"components":[{"reference":"X","name":"X","digest":"` + d + `"}]}`, `"X"`},
		"pinned":         {`{"schemaVersion":1,"components":[{"reference":"x@` + d + `","name":"docker.io/library/x@` + d + `","digest":"` + ocitest.Digest([]byte("1")) + `"}]}`, "has another digest"},
		"kernel":         {`{"schemaVersion":1,"components":[],"kernel":{"digest":""}}`, "kernel"},
	} {
		t.Run(name, func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "os.lock.json")
			if err := os.WriteFile(file, []byte(c.lock), 0o644); err != nil {
				t.Fatal(err)
			}
			_, _, err := ReadLock(file)
			if j, ok := err.(interface{ Unwrap() []error }); ok && !isKind(err, system.ErrInput) {
				err = j.Unwrap()[0]
			}
			wantError(t, err, system.ErrInput, c.says, file)
		})
	}
	_, _, err := ReadLock(filepath.Join(t.TempDir(), "none"))
	wantError(t, err, system.ErrInput, "cannot be read")
}
