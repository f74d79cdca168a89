package pipeline_test

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"math/rand"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/kept"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
	"github.com/seaworthy-os/seaworthy/pipeline"
	"github.com/seaworthy-os/seaworthy/policy"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// rebuilt is a system that is built repeatedly.
type rebuilt struct {
	t     *testing.T
	dir   string
	store kept.Store
	time  time.Time
	// said is the progress of the last build, cached the progress of the last build
	// with the store.
	said, cached string
}

func newRebuilt(t *testing.T) *rebuilt {
	t.Helper()
	dir := t.TempDir()
	writeSystem(t, dir)
	return &rebuilt{t: t, dir: dir, time: time.Unix(0, 0).UTC(), store: kept.Store{Dir: filepath.Join(t.TempDir(), "builds"), Program: "1", Secret: []byte("secret")}}
}

// build builds the system and returns the digests of the files.
func (b *rebuilt) build(store kept.Store) (map[string]string, error) {
	b.t.Helper()
	b.said = ""
	out := filepath.Join(b.t.TempDir(), "out")
	built, err := pipeline.Build(b.t.Context(), pipeline.BuildOptions{
		CheckOptions: pipeline.CheckOptions{
			Resolve: builder.Options{Files: []string{filepath.Join(b.dir, "os.yml")}, Arch: "amd64", Components: []string{filepath.Join(b.dir, "images")}, Offline: true, Jobs: 2},
			Policy: policy.Options{Policy: filepath.Join(b.dir, "policy"), FailOn: policy.FailOnNone, Now: time.Date(2027, 1, 31, 0, 0, 0, 0, time.UTC),
				Tool: decision.Tool{Name: "seaworthy", Version: "test"}},
			Time: b.time, Progress: func(_ pipeline.Step, detail string) { b.said += detail + "\n" },
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

// want builds with and without the store and compares the bytes. kept says whether
// the build must use the last image.
func (b *rebuilt) want(name string, kept bool) {
	b.t.Helper()
	got, err := b.build(b.store)
	if err != nil {
		b.t.Fatalf("%s: %v", name, err)
	}
	if strings.Contains(b.said, "no input has changed since the last build") != kept {
		b.t.Errorf("%s: kept image: want %t\n%s", name, kept, b.said)
	}
	b.cached = b.said
	fresh, err := b.build(pipeline.BuildOptions{}.Kept)
	if err != nil {
		b.t.Fatal(err)
	}
	if !maps.Equal(got, fresh) {
		b.t.Errorf("%s: the bytes differ from a build without a cache", name)
	}
}

// edit changes every file of the store that matches a pattern.
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

// A rebuild has the bytes of a first build, whatever the cache contains.
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
	b.want("changed inventories", true)
	secret := b.store.Secret
	b.store.Secret = []byte("of another machine")
	b.want("the store of another user", false)
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

// The bytes of images are verified even if the last image can be used.
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
	b.want("restored", true)
}

// parts is a system with services that are separate parts of the image, and with
// components that are not. os.yml is written again for each build.
type parts struct {
	*rebuilt
	kernel, cmdline string
	services        []string
	// images holds the seeds of the services' images. extra is added to os.yml.
	images map[string]int64
	extra  map[string]string
}

// many are enough options for a kernel configuration.
var many = []string{"RD_GZIP", "SECCOMP", "SECCOMP_FILTER", "MODULES", "CGROUPS", "NAMESPACES", "USER_NS", "PID_NS", "NET_NS", "OVERLAY_FS", "BPF"}

func newParts(t *testing.T) *parts {
	t.Helper()
	p := &parts{rebuilt: newRebuilt(t), kernel: kernelConfig(append(many, "RD_ZSTD")...), cmdline: "quiet", services: []string{"one", "two", "three"},
		images: map[string]int64{"one": 1, "two": 2, "three": 3}, extra: map[string]string{}}
	p.write()
	return p
}

func (p *parts) write() {
	p.t.Helper()
	images := filepath.Join(p.dir, "images")
	if err := os.RemoveAll(images); err != nil {
		p.t.Fatal(err)
	}
	text := fmt.Sprintf("kernel: {image: 'test/kernel:1', cmdline: %q}\ninit: ['test/init:1']\nonboot: [{name: small, image: 'test/small:1', command: [/x]}]\nservices:\n", p.cmdline)
	refs := []ocitest.Ref{
		ocitest.Named("test/kernel:1", image(nil, ocitest.File("kernel", "K"), ocitest.File("config", p.kernel), ocitest.Tarball("kernel.tar", ocitest.Dir("lib")))),
		ocitest.Named("test/init:1", image(nil, ocitest.Exec("init", "#!"))),
		ocitest.Named("test/small:1", image(nil, ocitest.Exec("x", "#!"))),
	}
	seen := map[int64]bool{}
	for _, s := range p.services {
		seed := p.images[s]
		text += fmt.Sprintf("  - {name: %s, image: 'test/s%d:1', command: [/a]%s}\n", s, seed, p.extra[s])
		if !seen[seed] {
			seen[seed] = true
			refs = append(refs, ocitest.Named(fmt.Sprintf("test/s%d:1", seed), image(nil, ocitest.Exec("a", noise(rand.New(rand.NewSource(seed)))), ocitest.Hardlink("b", "a"))))
		}
	}
	ocitest.WriteLayout(p.t, images, refs...)
	if err := os.WriteFile(filepath.Join(p.dir, "os.yml"), []byte(text), 0o644); err != nil {
		p.t.Fatal(err)
	}
}

// taken builds, wants the parts of the services to be copied from the last image, and
// compares the bytes with a build without the store.
func (p *parts) taken(name, services string) {
	p.t.Helper()
	p.write()
	p.want(name, false)
	var got []string
	for _, line := range strings.Split(p.cached, "\n") {
		s, ok := strings.CutSuffix(strings.TrimPrefix(line, "services/"), ": unchanged since the last image")
		if ok && !slices.Contains(got, s) { // some images must be read twice
			got = append(got, s)
		}
	}
	if list := strings.Join(got, " "); list != services {
		p.t.Errorf("%s: taken from the last image: %q, want %q", name, list, services)
	}
}

// initrd wants the stored initrd to begin with a byte.
func (p *parts) initrd(name string, magic byte) {
	p.t.Helper()
	p.edit("*.files/os-initrd.img", func(raw []byte) []byte {
		if raw[0] != magic {
			p.t.Errorf("%s: the initrd begins with %x", name, raw[0])
		}
		return raw
	})
}

// After a change, the image copies unchanged parts from the last image and has the
// bytes of a first build.
func TestRebuildParts(t *testing.T) {
	t.Parallel()
	p := newParts(t)
	p.taken("first", "")
	p.initrd("zstd", 0x28)
	p.images["two"] = 22
	p.taken("another image", "one three")
	p.want("what was taken is kept", true)
	p.extra["three"] = ", env: ['A=1']"
	p.taken("another spec", "one two")
	p.services = []string{"three", "one", "two"}
	p.taken("another order", "three one two")
	p.cmdline = "quiet panic=1"
	p.taken("another command line", "three one two")
	p.services, p.images["four"] = []string{"three", "four", "two"}, 1
	p.taken("renamed", "three two")
	p.services, p.images["five"] = []string{"three", "four", "two", "five"}, 1
	p.taken("a service that shares files", "three four two")
	p.services = []string{"five", "four", "two"}
	p.taken("the other way round", "two")
	p.kernel = kernelConfig(many...)
	p.taken("gzip", "")
	p.initrd("gzip", 0x1f)
	p.images["two"] = 2
	p.taken("gzip and another image", "five")
	p.time = p.time.Add(time.Second)
	p.taken("another time", "")
}

// A damaged image is not used, wherever the damage is.
func TestRebuildDamagedParts(t *testing.T) {
	t.Parallel()
	p := newParts(t)
	p.taken("first", "")
	for i, file := range []string{"os-initrd.img", "os.tar", "os-kernel"} {
		for j, change := range []func([]byte) []byte{
			func(raw []byte) []byte { raw[len(raw)/2] ^= 1; return raw },
			func(raw []byte) []byte { return raw[:len(raw)/2] },
			func(raw []byte) []byte { return append([]byte{0}, raw...) },
		} {
			p.edit("*.files/"+file, change)
			p.cmdline = fmt.Sprintf("quiet panic=%d", 1+3*i+j)
			p.write()
			p.want(fmt.Sprintf("%s, damage %d", file, j), false)
		}
	}
}

// The bytes of an image are verified even if its part can be copied.
func TestRebuildPartsHash(t *testing.T) {
	t.Parallel()
	p := newParts(t)
	p.taken("first", "")
	p.cmdline = "quiet panic=1"
	p.write()
	blobs, err := filepath.Glob(filepath.Join(p.dir, "images", "blobs", "sha256", "*"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range blobs {
		honest, err := os.ReadFile(name)
		if err != nil {
			t.Fatal(err)
		}
		changed := bytes.Clone(honest)
		changed[len(changed)-1] ^= 1
		if err := os.WriteFile(name, changed, 0o644); err != nil {
			t.Fatal(err)
		}
		if _, err := p.build(p.store); !errors.Is(err, system.ErrMismatch) {
			t.Errorf("%s is changed: %v", filepath.Base(name), err)
		}
		if err := os.WriteFile(name, honest, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	p.taken("restored", "one two three")
}
