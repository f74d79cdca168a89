package publish_test

import (
	"bytes"
	"crypto"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-containerregistry/pkg/registry"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/pipeline/publish"
)

// server is a registry behind a handler that a test can change.
type server struct {
	t     *testing.T
	host  string
	inner http.Handler

	mu   sync.Mutex
	hook func(w http.ResponseWriter, r *http.Request) bool
	log  []string
}

// newServer starts a registry, with or without a referrers API.
func newServer(t *testing.T, api bool) *server {
	t.Helper()
	s := &server{t: t, inner: registry.New(registry.WithReferrersSupport(api), registry.Logger(log.New(io.Discard, "", 0)))}
	front := httptest.NewServer(s)
	t.Cleanup(front.Close)
	s.host = strings.TrimPrefix(front.URL, "http://")
	return s
}

func (s *server) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	s.mu.Lock()
	s.log = append(s.log, r.Method+" "+r.URL.Path)
	hook := s.hook
	s.mu.Unlock()
	if hook != nil && hook(w, r) {
		return
	}
	s.inner.ServeHTTP(w, r)
}

// before sets a function that may answer a request: then it returns true.
func (s *server) before(hook func(w http.ResponseWriter, r *http.Request) bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.hook = hook
}

// requests counts the requests with this method and a path that contains part.
func (s *server) requests(method, part string) int {
	s.mu.Lock()
	defer s.mu.Unlock()
	n := 0
	for _, l := range s.log {
		if m, path, _ := strings.Cut(l, " "); m == method && strings.Contains(path, part) {
			n++
		}
	}
	return n
}

// answer is the answer of the registry without the hook.
func (s *server) answer(r *http.Request) *httptest.ResponseRecorder {
	w := httptest.NewRecorder()
	s.inner.ServeHTTP(w, r)
	return w
}

func (s *server) get(path string) []byte {
	s.t.Helper()
	w := s.answer(httptest.NewRequest(http.MethodGet, "/v2/os/"+path, nil))
	if w.Code != http.StatusOK {
		s.t.Fatalf("GET %s: %d %s", path, w.Code, w.Body)
	}
	return w.Body.Bytes()
}

// put stores a manifest under its digest, and under the tag if it is not "".
func (s *server) put(tag string, raw []byte) string {
	s.t.Helper()
	digest := digests.Of(raw)
	for _, id := range []string{digest, tag} {
		if id == "" {
			continue
		}
		r := httptest.NewRequest(http.MethodPut, "/v2/os/manifests/"+id, bytes.NewReader(raw))
		r.Header.Set("Content-Type", "application/vnd.oci.image.manifest.v1+json")
		if w := s.answer(r); w.Code != http.StatusCreated {
			s.t.Fatalf("put %s: %d %s", id, w.Code, w.Body)
		}
	}
	return digest
}

// debian starts Debian's registry, and returns its host.
func debian(t *testing.T) string {
	t.Helper()
	program, err := exec.LookPath("docker-registry")
	if err != nil {
		t.Skip("docker-registry is not installed: apt-get install docker-registry (the package also starts a service on port 5000)")
	}
	return distribution(t, program)
}

// distribution starts a registry of the distribution project, and returns its host.
func distribution(t *testing.T, program string) string {
	t.Helper()
	dir := t.TempDir()
	free := httptest.NewServer(nil)
	host := strings.TrimPrefix(free.URL, "http://")
	free.Close()
	config := filepath.Join(dir, "config.yml")
	if err := os.WriteFile(config, fmt.Appendf(nil, "version: 0.1\nlog: {level: error}\nstorage:\n  filesystem: {rootdirectory: %q}\nhttp: {addr: %q}\n", filepath.Join(dir, "data"), host), 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(program, "serve", config)
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _, _ = cmd.Process.Kill(), cmd.Wait() })
	for range 600 {
		if res, err := http.Get("http://" + host + "/v2/"); err == nil {
			res.Body.Close()
			return host
		}
		time.Sleep(100 * time.Millisecond)
	}
	t.Fatalf("%s does not answer", program)
	return ""
}

// sealed is a sealed folder and a verifier that accepts it.
type sealed struct {
	dir    string
	signer *attest.KeySigner
	verify publish.Checks
}

func seal(t *testing.T, change func(*sealtest.Image)) *sealed {
	t.Helper()
	signer, key := sealtest.SignerWithKey(t)
	s := sealWith(t, signer, change)
	s.verify = verifierOf(t, key.Public())
	return s
}

func sealWith(t *testing.T, signer *attest.KeySigner, change func(*sealtest.Image)) *sealed {
	t.Helper()
	img := sealtest.New("os")
	img.Files["os-initrd.img"] = strings.Repeat("content of the system\n", 20000)
	img.Others["facts.json"] = ""
	if change != nil {
		change(img)
	}
	return &sealed{dir: img.Seal(t, signer), signer: signer}
}

// push pushes an image, and returns its reference with the digest.
func (s *sealed) push(t *testing.T, reference string) *publish.Pushed {
	t.Helper()
	done, err := publish.Push(t.Context(), s.dir, reference, publish.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return done
}

// pull pulls into a new folder. After an error, nothing may be left.
func (s *sealed) pull(t *testing.T, reference string) (dir string, notes []string, err error) {
	t.Helper()
	parent := t.TempDir()
	dir = filepath.Join(parent, "got")
	err = publish.Pull(t.Context(), reference, dir, publish.Options{Note: func(n string) { notes = append(notes, n) }}, s.verify)
	want := 1
	if err != nil {
		want = 0
	}
	if left, _ := os.ReadDir(parent); len(left) != want {
		t.Errorf("after %v, the parent folder has %v", err, left)
	}
	return dir, notes, err
}

// same requires that two folders have the same files, contents and modes.
func same(t *testing.T, a, b string) {
	t.Helper()
	x, y := tree(t, a), tree(t, b)
	for path, one := range x {
		if y[path] != one {
			t.Errorf("%s: %.60q, want %.60q", path, y[path], one)
		}
		delete(y, path)
	}
	for path := range y {
		t.Errorf("%s should not exist", path)
	}
}

func tree(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	if err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		info, err := d.Info()
		if err != nil {
			return err
		}
		var raw []byte
		if !d.IsDir() {
			raw, err = os.ReadFile(path)
		}
		rel, _ := filepath.Rel(dir, path)
		out[rel] = info.Mode().String() + " " + string(raw)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return out
}

// edit changes a JSON document, and returns its new bytes.
func edit(t *testing.T, raw []byte, change func(map[string]any)) []byte {
	t.Helper()
	var doc map[string]any
	if err := json.Unmarshal(raw, &doc); err != nil {
		t.Fatal(err)
	}
	change(doc)
	out, err := json.Marshal(doc)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// wantKind requires an error of a kind that contains a text.
func wantKind(t *testing.T, err, kind error, text string) {
	t.Helper()
	if !errors.Is(err, kind) || !strings.Contains(err.Error(), text) {
		t.Errorf("%v: want an error of kind %v with %q", err, kind, text)
	}
}

// verifierOf accepts images that the key signed.
func verifierOf(t *testing.T, key crypto.PublicKey) publish.Checks {
	t.Helper()
	v, err := verify.New(verify.Policy{Keys: []crypto.PublicKey{key}, Now: time.Date(2026, 2, 1, 0, 0, 0, 0, time.UTC)})
	if err != nil {
		t.Fatal(err)
	}
	return publish.Checks{
		Statements: func(dir, artifact string) error {
			_, _, err := v.Part(dir, artifact)
			return err
		},
		Whole: func(dir string) error {
			r, err := v.Dir(dir)
			if err != nil {
				return err
			}
			return r.Close()
		},
	}
}

func publicKey(t *testing.T, s *attest.KeySigner) []byte {
	t.Helper()
	return []byte(sealtest.PublicPEM(t, s.PublicKey()))
}
