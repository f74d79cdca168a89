package pipeline_test

import (
	"bytes"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/kept"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// rebuilt is a system that is built again and again.
type rebuilt struct {
	t     *testing.T
	dir   string
	store kept.Store
	said  string
}

func newRebuilt(t *testing.T) *rebuilt {
	t.Helper()
	dir := t.TempDir()
	writeSystem(t, dir)
	return &rebuilt{t: t, dir: dir, store: kept.Store{Dir: filepath.Join(t.TempDir(), "builds"), Program: "1", Secret: []byte("secret")}}
}

// build gives the digests of what was written.
func (b *rebuilt) build(store kept.Store) (map[string]string, error) {
	b.t.Helper()
	b.said = ""
	out := filepath.Join(b.t.TempDir(), "out")
	built, err := pipeline.Build(b.t.Context(), pipeline.BuildOptions{
		CheckOptions: pipeline.CheckOptions{
			Resolve: builder.Options{Files: []string{filepath.Join(b.dir, "os.yml")}, Arch: "amd64", Components: []string{filepath.Join(b.dir, "images")}, Offline: true, Jobs: 2},
			Policy: policy.Options{Policy: filepath.Join(b.dir, "policy"), FailOn: policy.FailOnNone, Now: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC),
				Tool: decision.Tool{Name: "seaworthy", Version: "test"}},
			Time: time.Unix(0, 0).UTC(), Progress: func(_ pipeline.Step, detail string) { b.said += detail + "\n" },
		},
		Formats: []string{"tar", "kernel+initrd"}, OutputDir: out, Version: "test", Kept: store,
	})
	if err != nil {
		return nil, err
	}
	if built.Denied {
		b.t.Fatal("denied")
	}
	return digests(b.t, out), nil
}

// want builds with the store, and wants the bytes that are built without it.
func (b *rebuilt) want(name string, kept bool) {
	b.t.Helper()
	got, err := b.build(b.store)
	if err != nil {
		b.t.Fatalf("%s: %v", name, err)
	}
	if strings.Contains(b.said, "as in the last build") != kept {
		b.t.Errorf("%s: kept image: want %t\n%s", name, kept, b.said)
	}
	fresh, err := b.build(pipeline.BuildOptions{}.Kept)
	if err != nil {
		b.t.Fatal(err)
	}
	if !maps.Equal(got, fresh) {
		b.t.Errorf("%s: other bytes than without a cache", name)
	}
}

// edit changes every file of the store that a pattern matches.
func (b *rebuilt) edit(pattern string, change func([]byte) []byte) {
	b.t.Helper()
	names, err := filepath.Glob(filepath.Join(b.store.Dir, pattern))
	if err != nil || len(names) == 0 {
		b.t.Fatalf("%s: %q, %v", pattern, names, err)
	}
	for _, n := range names {
		raw, err := os.ReadFile(n)
		if err != nil {
			b.t.Fatal(err)
		}
		if err := os.WriteFile(n, change(raw), 0o600); err != nil {
			b.t.Fatal(err)
		}
	}
}

// A rebuild gives the bytes of a first build, whatever lies in the cache.
func TestRebuild(t *testing.T) {
	t.Parallel()
	b := newRebuilt(t)
	b.want("first", false)
	b.want("unchanged", true)
	flip := func(raw []byte) []byte { raw[len(raw)/2] ^= 1; return raw }
	b.edit("*.files/os-initrd.img", flip)
	b.want("damaged image", false)
	b.want("kept once more", true)
	b.edit("*.files/os-kernel", func([]byte) []byte { return nil })
	b.want("emptied kernel", false)
	b.edit("*.json", flip)
	b.want("damaged entries", false)
	b.want("unchanged once more", true)
	b.edit("*.json", func(raw []byte) []byte { return bytes.ReplaceAll(raw, []byte(`"name":"web"`), []byte(`"name":"wab"`)) })
	b.want("inventories that somebody has changed", true)
	secret := b.store.Secret
	b.store.Secret = []byte("of another machine")
	b.want("somebody else's store", false)
	b.store.Secret = secret

	yml := filepath.Join(b.dir, "os.yml")
	raw, err := os.ReadFile(yml)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(yml, bytes.Replace(raw, []byte("A=1"), []byte("A=2"), 1), 0o644); err != nil {
		t.Fatal(err)
	}
	b.want("another os.yml", false)
	b.want("the other os.yml again", true)
}

// The bytes of images are hashed, though it is known what comes of them.
func TestRebuildHashes(t *testing.T) {
	t.Parallel()
	b := newRebuilt(t)
	if _, err := b.build(b.store); err != nil {
		t.Fatal(err)
	}
	blobs, err := filepath.Glob(filepath.Join(b.dir, "images", "blobs", "sha256", "*"))
	if err != nil || len(blobs) < 10 {
		t.Fatalf("%q, %v", blobs, err)
	}
	for _, name := range blobs {
		honest, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		changed := bytes.Clone(honest)
		changed[len(changed)/2] ^= 1
		if err := os.WriteFile(name, changed, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := b.build(b.store); !errors.Is(err, system.ErrMismatch) {
			t.Errorf("%s is changed: %v", filepath.Base(name), err)
		}
		if err := os.WriteFile(name, honest, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b.want("mended", true)
}
