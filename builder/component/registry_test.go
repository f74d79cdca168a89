package component

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/builder/system/sinktest"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
)

func remoteImage() ocitest.Index {
	img := ocitest.ImageOf(entries{ocitest.Dir("etc"), ocitest.File("etc/who", "me")}, entries{ocitest.File("a", strings.Repeat("x", 100000))})
	docker := img
	docker.Docker, docker.Arch = true, "arm64"
	return ocitest.Index{img, docker}
}

func TestRegistry(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	reg := ocitest.NewRegistry(t)
	built := remoteImage().Build()
	ref := reg.Push("a/x:1", built)
	s := open(t, Options{})
	for _, r := range []string{ref, reg.Host + "/a/x@" + built.Root.Digest, reg.Host + "/a/x@" + built.Manifests[0]} {
		img := find(t, s, r)
		if img.From != "registry" || img.Manifest != built.Manifests[0] {
			t.Errorf("%s: %+v", r, img)
		}
		rec := sinktest.NewRecorder(t)
		if err := s.Pass(context.Background(), img, PassOptions{}, rec); err != nil {
			t.Fatal(err)
		}
		ocitest.WantLines(t, rec.Lines, `a file "100000 bytes" @1`, "etc dir @0", `etc/who file "me" @0`)
	}
	if img := find(t, open(t, Options{Arch: "arm64"}), ref); img.MediaType != oci.TypeDockerManifest {
		t.Errorf("%+v", img)
	}
	ds, err := s.Contents(context.Background(), find(t, s, ref), nil)
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range ds {
		rc, err := s.Blob(context.Background(), find(t, s, ref), d.Digest)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := drainAll(rc); err != nil {
			t.Errorf("%s: %v", d.Digest, err)
		}
	}

	// A tag keeps its digest while the store is open.
	reg.Push("a/x:1", ocitest.ImageOf(nil).Build())
	if img := find(t, s, ref); img.Digest != built.Root.Digest {
		t.Error("the tag moved within one store")
	}
}

func drainAll(rc interface {
	Read([]byte) (int, error)
	Close() error
}) (int, error) {
	defer rc.Close()
	var b strings.Builder
	buf := make([]byte, 1000)
	for {
		n, err := rc.Read(buf)
		b.Write(buf[:n])
		if err != nil {
			if err.Error() == "EOF" {
				err = nil
			}
			return b.Len(), err
		}
	}
}

func TestRegistryWrongBytes(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	for name, change := range map[string]func(*ocitest.Built, string){
		"swapped":   func(b *ocitest.Built, d string) { b.Swap(d) },
		"truncated": func(b *ocitest.Built, d string) { b.Truncate(d, 5) },
		"longer":    func(b *ocitest.Built, d string) { b.Blobs[d] = append(b.Blobs[d][:len(b.Blobs[d]):len(b.Blobs[d])], 0) },
	} {
		t.Run(name, func(t *testing.T) {
			cache := filepath.Join(t.TempDir(), "cache")
			reg := ocitest.NewRegistry(t)
			built := remoteImage().Build()
			bad := built.Layers[0][0]
			change(built, bad)
			s := open(t, Options{Cache: cache})
			img := find(t, s, reg.Push("a/x:1", built))
			err := s.Pass(context.Background(), img, PassOptions{}, sinktest.NewRecorder(t))
			wantError(t, err, system.ErrMismatch, bad, reg.Host)
			// A blob that does not match leaves nothing in the cache.
			blobs := cached(t, cache)
			if slices.Contains(blobs, bad) || slices.ContainsFunc(blobs, func(s string) bool { return strings.Contains(s, "incoming") }) {
				t.Errorf("cache holds %v", blobs)
			}
		})
	}
	t.Run("config", func(t *testing.T) {
		reg := ocitest.NewRegistry(t)
		built := remoteImage().Build()
		built.Swap(built.Configs[0])
		_, err := open(t, Options{}).Find(context.Background(), reg.Push("a/x:1", built), system.Position{})
		wantError(t, err, system.ErrMismatch, built.Configs[0])
	})
	t.Run("manifest of another digest", func(t *testing.T) {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/manifests/") {
				w.Header().Set("Docker-Content-Digest", ocitest.Digest(nil))
				_, _ = w.Write([]byte(`{"schemaVersion":2,"manifests":[]}`))
			}
		}))
		defer srv.Close()
		_, err := open(t, Options{}).Find(context.Background(), strings.TrimPrefix(srv.URL, "http://")+"/x@"+ocitest.Digest(nil), system.Position{})
		wantError(t, err, system.ErrMismatch, ocitest.Digest(nil))
	})
	t.Run("endless manifest", func(t *testing.T) {
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			if strings.Contains(r.URL.Path, "/manifests/") {
				for {
					if _, err := w.Write(make([]byte, 1<<20)); err != nil {
						return
					}
				}
			}
		}))
		defer srv.Close()
		_, err := open(t, Options{}).Find(context.Background(), strings.TrimPrefix(srv.URL, "http://")+"/x:1", system.Position{})
		wantError(t, err, system.ErrUnusable, "larger than 4 MiB")
	})
}

func TestRegistryAuthentication(t *testing.T) {
	reg := ocitest.NewRegistry(t)
	ref := reg.Push("a/x:1", remoteImage().Build())
	reg.Require("me", "secret")

	ocitest.DockerConfig(t, "", "", "")
	_, err := open(t, Options{}).Find(context.Background(), ref, system.Position{})
	wantError(t, err, system.ErrUnusable, reg.Host, "denies access to a/x")
	if e := (*system.Error)(nil); !errors.As(err, &e) || e.Next != "run docker login "+reg.Host {
		t.Errorf("next step: %+v", e)
	}
	ocitest.DockerConfig(t, reg.Host, "me", "wrong")
	_, err = open(t, Options{}).Find(context.Background(), ref, system.Position{})
	wantError(t, err, system.ErrUnusable, "denies access to")
	if strings.Contains(err.Error(), "wrong") {
		t.Errorf("the password is in the error: %v", err)
	}
	ocitest.DockerConfig(t, reg.Host, "me", "secret")
	s := open(t, Options{})
	if err := s.Pass(context.Background(), find(t, s, ref), PassOptions{}, sinktest.NewRecorder(t)); err != nil {
		t.Error(err)
	}
}

func TestRegistryFailures(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	const dead = "127.0.0.1:1" // an unassigned port
	dir := t.TempDir()
	ocitest.WriteLayout(t, dir, ocitest.Named("y", ocitest.ImageOf(nil)))
	_, err := open(t, Options{Paths: []string{dir}}).Find(context.Background(), dead+"/x:1", system.Position{File: "os.yml", Line: 2, Column: 8})
	wantError(t, err, system.ErrUnusable, "os.yml:2:8: ", "registry "+dead, "refused", "not in "+dir)
	if e := (*system.Error)(nil); !errors.As(err, &e) || !strings.Contains(e.Next, "--components") {
		t.Errorf("next step: %+v", e)
	}

	reg := ocitest.NewRegistry(t)
	reg.Push("a/x:1", remoteImage().Build())
	_, err = open(t, Options{}).Find(context.Background(), reg.Host+"/a/x:2", system.Position{})
	wantError(t, err, system.ErrUnusable, "no such image", reg.Host)
	if e := (*system.Error)(nil); !errors.As(err, &e) || !strings.Contains(e.Next, "name and tag") {
		t.Errorf("next step: %+v", e)
	}
	built := remoteImage().Build()
	layer := built.Layers[0][0]
	delete(built.Blobs, layer)
	gone := ocitest.NewRegistry(t)
	ref := gone.Push("a/x:1", built)
	store := open(t, Options{})
	err = store.Pass(context.Background(), find(t, store, ref), PassOptions{}, sinktest.NewRecorder(t))
	wantError(t, err, system.ErrUnusable, ref, "registry "+gone.Host, "layer 0 ("+layer+")", "no such image")
	if e := (*system.Error)(nil); !errors.As(err, &e) || e.Next == "" {
		t.Errorf("no next step: %+v", e)
	}
	if _, err := Open(Options{Arch: "amd64", RedirectTo: []string{"*"}}); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), `--allow-redirect: "*"`) {
		t.Errorf("%v", err)
	}
	before := len(reg.Requests())
	_, err = open(t, Options{Offline: true}).Find(context.Background(), reg.Host+"/a/x:1", system.Position{})
	wantError(t, err, system.ErrUnusable, "--offline")
	if len(reg.Requests()) != before {
		t.Error("the registry was asked with --offline")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := open(t, Options{}).Find(ctx, reg.Host+"/a/x:1", system.Position{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// cached lists the blobs of a cache.
func cached(t *testing.T, dir string) []string {
	t.Helper()
	files, err := os.ReadDir(filepath.Join(dir, "blobs", "sha256"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range files {
		out = append(out, "sha256:"+f.Name())
	}
	return out
}

func TestCache(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	cache := filepath.Join(t.TempDir(), "deep", "cache")
	reg := ocitest.NewRegistry(t)
	built := ocitest.Index{remoteImage()[0]}.Build()
	ref := reg.Push("a/x:1", built)
	ctx := context.Background()

	s := open(t, Options{Cache: cache})
	img := find(t, s, ref)
	if err := s.Pass(ctx, img, PassOptions{}, sinktest.NewRecorder(t)); err != nil {
		t.Fatal(err)
	}
	if got := len(cached(t, cache)); got != len(built.Blobs) {
		t.Errorf("%d blobs in the cache, want %d", got, len(built.Blobs))
	}
	before := len(reg.Requests())
	for _, o := range []Options{{Cache: cache}, {Cache: cache, Offline: true}, {Paths: []string{cache}, Offline: true}} {
		s := open(t, o)
		again := find(t, s, ref)
		if from := map[bool]string{true: "cache", false: "layout"}[o.Cache != ""]; again.From != from || again.Digest != img.Digest {
			t.Errorf("%+v", again)
		}
		if err := s.Pass(ctx, again, PassOptions{}, sinktest.NewRecorder(t)); err != nil {
			t.Error(err)
		}
	}
	if len(reg.Requests()) != before {
		t.Error("the registry was asked for what the cache has")
	}

	// A missing blob is fetched again. A changed blob is refused.
	layer := filepath.Join(cache, filepath.FromSlash(blobPath(built.Layers[0][0])))
	if err := os.Remove(layer); err != nil {
		t.Fatal(err)
	}
	s = open(t, Options{Cache: cache, Offline: true})
	wantError(t, s.Pass(ctx, find(t, s, ref), PassOptions{}, sinktest.NewRecorder(t)), system.ErrUnusable, "not in the cache", "--offline")
	s = open(t, Options{Cache: cache})
	if err := s.Pass(ctx, find(t, s, ref), PassOptions{}, sinktest.NewRecorder(t)); err != nil {
		t.Error(err)
	}
	raw, err := os.ReadFile(layer)
	if err != nil {
		t.Fatal(err)
	}
	raw[len(raw)/2] ^= 1
	if err := os.WriteFile(layer, raw, 0o644); err != nil {
		t.Fatal(err)
	}
	wantError(t, s.Pass(ctx, find(t, s, ref), PassOptions{}, sinktest.NewRecorder(t)), system.ErrMismatch, built.Layers[0][0], cache)
}

// Many passes use one cache at the same time: it has complete blobs and all names.
func TestCacheConcurrent(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	cache := t.TempDir()
	reg := ocitest.NewRegistry(t)
	var refs []string
	for i := range 4 {
		img := ocitest.ImageOf(entries{ocitest.File("shared", "x")}, entries{ocitest.File(fmt.Sprint(i), "y")})
		refs = append(refs, reg.Push(fmt.Sprintf("a/x%d:1", i), img.Build()))
	}
	var wg sync.WaitGroup
	errs := make(chan error, 100)
	for range 3 {
		s := open(t, Options{Cache: cache}) // as another process would
		for _, ref := range refs {
			wg.Go(func() {
				img, err := s.Find(context.Background(), ref, system.Position{})
				if err == nil {
					err = s.Pass(context.Background(), img, PassOptions{}, sinktest.SinkFunc(func(*system.Entry) {}))
				}
				errs <- err
			})
		}
	}
	wg.Wait()
	close(errs)
	for err := range errs {
		if err != nil {
			t.Error(err)
		}
	}
	s := open(t, Options{Cache: cache, Offline: true})
	for _, ref := range refs {
		if err := s.Pass(context.Background(), find(t, s, ref), PassOptions{}, sinktest.NewRecorder(t)); err != nil {
			t.Error(err)
		}
	}
}

// With a lock, the registry is asked by digest. A moved tag has no effect while the
// digest exists, and is reported when it does not.
func TestLockedRegistry(t *testing.T) {
	ocitest.DockerConfig(t, "", "", "")
	reg := ocitest.NewRegistry(t)
	old := ocitest.ImageOf(entries{ocitest.File("old", "")}).Build()
	ref := reg.Push("a/x:1", old)
	moved := ocitest.ImageOf(entries{ocitest.File("new", "")}).Build()
	reg.Push("a/x:1", moved)
	if img := find(t, open(t, Options{Locked: map[string]string{ref: old.Root.Digest}}), ref); img.Digest != old.Root.Digest || !img.Locked || img.Name != ref {
		t.Errorf("%+v", img)
	}
	gone := ocitest.Digest([]byte("gone"))
	_, err := open(t, Options{Locked: map[string]string{ref: gone}}).Find(context.Background(), ref, system.Position{})
	wantError(t, err, system.ErrMismatch, gone, moved.Root.Digest)
}
