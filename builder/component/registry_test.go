package component

import (
	"context"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/synctest"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/component/ocitest"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// dockerConfig points Docker's configuration at an empty folder, or at one
// user for one host.
func dockerConfig(t *testing.T, host, user, password string) {
	t.Helper()
	dir := t.TempDir()
	t.Setenv("DOCKER_CONFIG", dir)
	t.Setenv("HOME", dir)
	config := "{}"
	if host != "" {
		config = fmt.Sprintf(`{"auths":{%q:{"auth":%q}}}`, host, base64.StdEncoding.EncodeToString([]byte(user+":"+password)))
	}
	if err := os.WriteFile(filepath.Join(dir, "config.json"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
}

func remoteImage() ocitest.Index {
	img := layers(entries{ocitest.Dir("etc"), ocitest.File("etc/who", "me")}, entries{ocitest.File("a", strings.Repeat("x", 100000))})
	docker := img
	docker.Docker, docker.Arch = true, "arm64"
	return ocitest.Index{img, docker}
}

func TestRegistry(t *testing.T) {
	dockerConfig(t, "", "", "")
	reg := ocitest.NewRegistry(t)
	built := remoteImage().Build()
	ref := reg.Push("a/x:1", built)
	s := open(t, Options{})
	for _, r := range []string{ref, reg.Host + "/a/x@" + built.Root.Digest, reg.Host + "/a/x@" + built.Manifests[0]} {
		img := find(t, s, r)
		if img.From != "registry" || img.Manifest != built.Manifests[0] {
			t.Errorf("%s: %+v", r, img)
		}
		rec := newRecorder(t)
		if err := s.Pass(context.Background(), img, PassOptions{}, rec); err != nil {
			t.Fatal(err)
		}
		same(t, rec.lines, `a file "100000 bytes" @1`, "etc dir @0", `etc/who file "me" @0`)
	}
	if img := find(t, open(t, Options{Arch: "arm64"}), ref); img.MediaType != typeDockerManifest {
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

	// A tag that moves means one digest as long as the store is open.
	reg.Push("a/x:1", layers(nil).Build())
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
	dockerConfig(t, "", "", "")
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
			err := s.Pass(context.Background(), img, PassOptions{}, newRecorder(t))
			fails(t, err, system.ErrMismatch, bad, reg.Host)
			// What did not match never gets a name in the cache, and leaves nothing.
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
		fails(t, err, system.ErrMismatch, built.Configs[0])
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
		fails(t, err, system.ErrMismatch, ocitest.Digest(nil))
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
		fails(t, err, system.ErrUnusable, "larger than 4 MiB")
	})
}

func TestRegistryAuthentication(t *testing.T) {
	reg := ocitest.NewRegistry(t)
	ref := reg.Push("a/x:1", remoteImage().Build())
	reg.Require("me", "secret")

	dockerConfig(t, "", "", "")
	_, err := open(t, Options{}).Find(context.Background(), ref, system.Position{})
	fails(t, err, system.ErrUnusable, reg.Host, "does not let us read a/x")
	if e := (*system.Error)(nil); !errors.As(err, &e) || e.Next != "docker login "+reg.Host {
		t.Errorf("next step: %+v", e)
	}
	dockerConfig(t, reg.Host, "me", "wrong")
	_, err = open(t, Options{}).Find(context.Background(), ref, system.Position{})
	fails(t, err, system.ErrUnusable, "does not let us read")
	if strings.Contains(err.Error(), "wrong") {
		t.Errorf("the password is in the error: %v", err)
	}
	dockerConfig(t, reg.Host, "me", "secret")
	s := open(t, Options{})
	if err := s.Pass(context.Background(), find(t, s, ref), PassOptions{}, newRecorder(t)); err != nil {
		t.Error(err)
	}
}

func TestRegistryFailures(t *testing.T) {
	dockerConfig(t, "", "", "")
	const dead = "127.0.0.1:1" // a port that nobody is given, and nobody answers on
	dir := t.TempDir()
	ocitest.WriteLayout(t, dir, ocitest.Named("y", layers(nil)))
	_, err := open(t, Options{Paths: []string{dir}}).Find(context.Background(), dead+"/x:1", system.Position{File: "os.yml", Line: 2, Column: 8})
	fails(t, err, system.ErrUnusable, "os.yml:2:8: ", "registry "+dead, "refused", "not in "+dir)
	if e := (*system.Error)(nil); !errors.As(err, &e) || !strings.Contains(e.Next, "--components") {
		t.Errorf("next step: %+v", e)
	}

	reg := ocitest.NewRegistry(t)
	reg.Push("a/x:1", remoteImage().Build())
	_, err = open(t, Options{}).Find(context.Background(), reg.Host+"/a/x:2", system.Position{})
	fails(t, err, system.ErrUnusable, "no such image", reg.Host)
	if e := (*system.Error)(nil); !errors.As(err, &e) || !strings.Contains(e.Next, "name and tag") {
		t.Errorf("next step: %+v", e)
	}
	before := len(reg.Requests())
	_, err = open(t, Options{Offline: true}).Find(context.Background(), reg.Host+"/a/x:1", system.Position{})
	fails(t, err, system.ErrUnusable, "--offline")
	if len(reg.Requests()) != before {
		t.Error("the registry was asked with --offline")
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := open(t, Options{}).Find(ctx, reg.Host+"/a/x:1", system.Position{}); !errors.Is(err, context.Canceled) {
		t.Errorf("error %v", err)
	}
}

// Plain HTTP is for loopback and hosts that were named, and a registry must
// not send us to addresses that only we can reach.
func TestTransportGuards(t *testing.T) {
	r := newRegistry(Options{Insecure: func(h string) bool { return h == "lab:5000" }}, defaultLimits(), &inward{})
	for host, want := range map[string]bool{"localhost:1": true, "127.0.0.1:80": true, "[::1]:80": true, "lab:5000": true,
		"10.0.0.1:5000": false, "registry.local": false, "localhost.example": false, "example.com": false} {
		if r.plain(host) != want {
			t.Errorf("%s: plain %v", host, !want)
		}
	}
	req := httptest.NewRequest(http.MethodGet, "http://10.0.0.1:5000/v2/", nil)
	if _, err := r.base.RoundTrip(req); err == nil || !strings.Contains(err.Error(), "is not https") {
		t.Errorf("plain HTTP to a private address: %v", err)
	}
	at := func(u string) *http.Request { return httptest.NewRequest(http.MethodGet, u, nil) }
	for u, ok := range map[string]bool{"https://cdn.example/x": true, "https://reg.example/x": true, "http://127.0.0.1/x": false,
		"https://10.1.2.3/x": false, "http://169.254.169.254/x": false, "https://localhost/x": false} {
		if err := r.inner.onlyOutward(at(u), []*http.Request{at("https://reg.example/")}); (err == nil) != ok {
			t.Errorf("%s: %v", u, err)
		}
	}
}

// Blobs often lie elsewhere. Whoever has them is not told the password, nor the
// token, by which the registry let us in.
func TestRedirectsCarryNoCredentials(t *testing.T) {
	for _, scheme := range []string{"Basic", "Bearer"} {
		t.Run(scheme, func(t *testing.T) {
			reg := ocitest.NewRegistry(t)
			ref := reg.Push("a/x:1", remoteImage().Build())
			var mu sync.Mutex
			var told []string
			elsewhere := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				mu.Lock()
				told = append(told, r.Header.Get("Authorization"))
				mu.Unlock()
				reg.ServeHTTP(w, r)
			}))
			defer elsewhere.Close()
			front := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				user, password, _ := r.BasicAuth()
				known := user == "me" && password == "secret"
				switch {
				case r.URL.Path == "/token" && known:
					fmt.Fprint(w, `{"token": "pass"}`)
				case scheme == "Basic" && !known, scheme == "Bearer" && r.Header.Get("Authorization") != "Bearer pass":
					w.Header().Set("WWW-Authenticate", scheme+` realm="http://`+r.Host+`/token"`)
					w.WriteHeader(http.StatusUnauthorized)
				case strings.Contains(r.URL.Path, "/blobs/"):
					http.Redirect(w, r, elsewhere.URL+r.URL.Path, http.StatusTemporaryRedirect)
				default:
					reg.ServeHTTP(w, r)
				}
			}))
			defer front.Close()
			host := strings.TrimPrefix(front.URL, "http://")
			dockerConfig(t, host, "me", "secret")
			s := open(t, Options{})
			if err := s.Pass(context.Background(), find(t, s, strings.Replace(ref, reg.Host, host, 1)), PassOptions{}, newRecorder(t)); err != nil {
				t.Fatal(err)
			}
			if len(told) == 0 || slices.ContainsFunc(told, func(s string) bool { return s != "" }) {
				t.Errorf("elsewhere was told %q", told)
			}
		})
	}
}

// A registry that falls silent does not hold a build for ever, nor one that
// sends a byte now and then; a slow reader is not the registry's fault.
func TestPatience(t *testing.T) {
	for name, c := range map[string]struct {
		gap, rest time.Duration // before each byte; of the reader, after each
		size      int
		ok        bool
	}{
		"silent":      {gap: stall + time.Second, size: 1},
		"drip":        {gap: stall - time.Second, size: 100},
		"slow drip":   {gap: time.Second, size: 10_000},
		"slow line":   {gap: time.Millisecond / 2, size: 100_000, ok: true},
		"slow reader": {gap: time.Millisecond / 2, rest: time.Hour, size: 100, ok: true},
		"slow start":  {gap: stall - time.Second, size: 1, ok: true},
	} {
		t.Run(name, func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				r, w := net.Pipe()
				go func() {
					defer w.Close()
					for range c.size {
						select {
						case <-time.After(c.gap):
						case <-t.Context().Done():
							return
						}
						if _, err := w.Write([]byte("x")); err != nil {
							return
						}
					}
				}()
				p := newPatient(r, func() { r.Close() }, stall)
				defer p.Close()
				var err error
				got, b := 0, make([]byte, 8)
				for err == nil {
					var n int
					n, err = p.Read(b)
					got += n
					time.Sleep(c.rest)
				}
				if ok := errors.Is(err, io.EOF) && got == c.size; ok != c.ok {
					t.Errorf("%d bytes, %v", got, err)
				}
				if !c.ok && !strings.Contains(err.Error(), "next to nothing, for 2m0s") {
					t.Error(err)
				}
			})
		})
	}
}

// That goes for errors and tokens too, which are read before there is a blob.
func TestGuardIsPatient(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(http.StatusInternalServerError) }))
	defer s.Close()
	r := newRegistry(Options{}, defaultLimits(), &inward{})
	r.hosts.name("127.0.0.1")
	res, err := r.base.RoundTrip(httptest.NewRequest(http.MethodGet, s.URL, nil))
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	if _, ok := res.Body.(*patient); !ok {
		t.Errorf("an error's body is a %T", res.Body)
	}
}

// A registry on loopback may speak TLS too, and then plain HTTP is not tried.
func TestPingPrefersTLS(t *testing.T) {
	dockerConfig(t, "", "", "")
	reg := ocitest.NewRegistry(t)
	ref := reg.Push("a/x:1", remoteImage().Build())
	proxy := httptest.NewTLSServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		reg.ServeHTTP(w, r)
	}))
	defer proxy.Close()
	r := newRegistry(Options{}, defaultLimits(), &inward{})
	r.base.(*guard).next = proxy.Client().Transport
	q, err := ParseReference(strings.Replace(ref, reg.Host, strings.TrimPrefix(proxy.URL, "https://"), 1))
	if err != nil {
		t.Fatal(err)
	}
	if _, _, err := r.manifest(context.Background(), q); err != nil {
		t.Error(err)
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
	dockerConfig(t, "", "", "")
	cache := filepath.Join(t.TempDir(), "deep", "cache")
	reg := ocitest.NewRegistry(t)
	built := ocitest.Index{remoteImage()[0]}.Build()
	ref := reg.Push("a/x:1", built)
	ctx := context.Background()

	s := open(t, Options{Cache: cache})
	img := find(t, s, ref)
	if err := s.Pass(ctx, img, PassOptions{}, newRecorder(t)); err != nil {
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
		if err := s.Pass(ctx, again, PassOptions{}, newRecorder(t)); err != nil {
			t.Error(err)
		}
	}
	if len(reg.Requests()) != before {
		t.Error("the registry was asked for what the cache has")
	}

	// A blob that is gone comes from the registry again, one that was changed
	// is refused.
	layer := filepath.Join(cache, filepath.FromSlash(blobPath(built.Layers[0][0])))
	if err := os.Remove(layer); err != nil {
		t.Fatal(err)
	}
	s = open(t, Options{Cache: cache, Offline: true})
	fails(t, s.Pass(ctx, find(t, s, ref), PassOptions{}, newRecorder(t)), system.ErrUnusable, "not in the cache", "--offline")
	s = open(t, Options{Cache: cache})
	if err := s.Pass(ctx, find(t, s, ref), PassOptions{}, newRecorder(t)); err != nil {
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
	fails(t, s.Pass(ctx, find(t, s, ref), PassOptions{}, newRecorder(t)), system.ErrMismatch, built.Layers[0][0], cache)
}

// Many passes at once over one cache: whole blobs, and every name.
func TestCacheConcurrent(t *testing.T) {
	dockerConfig(t, "", "", "")
	cache := t.TempDir()
	reg := ocitest.NewRegistry(t)
	var refs []string
	for i := range 4 {
		img := layers(entries{ocitest.File("shared", "x")}, entries{ocitest.File(fmt.Sprint(i), "y")})
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
					err = s.Pass(context.Background(), img, PassOptions{}, sinkFunc(func(*system.Entry) {}))
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
		if err := s.Pass(context.Background(), find(t, s, ref), PassOptions{}, newRecorder(t)); err != nil {
			t.Error(err)
		}
	}
}

// A lock goes to the registry by digest: a tag that moved does not matter as
// long as the digest is there, and is told when it is not.
func TestLockedRegistry(t *testing.T) {
	dockerConfig(t, "", "", "")
	reg := ocitest.NewRegistry(t)
	old := layers(entries{ocitest.File("old", "")}).Build()
	ref := reg.Push("a/x:1", old)
	moved := layers(entries{ocitest.File("new", "")}).Build()
	reg.Push("a/x:1", moved)
	if img := find(t, open(t, Options{Locked: map[string]string{ref: old.Root.Digest}}), ref); img.Digest != old.Root.Digest || !img.Locked || img.Name != ref {
		t.Errorf("%+v", img)
	}
	gone := ocitest.Digest([]byte("gone"))
	_, err := open(t, Options{Locked: map[string]string{ref: gone}}).Find(context.Background(), ref, system.Position{})
	fails(t, err, system.ErrMismatch, gone, moved.Root.Digest)
}
