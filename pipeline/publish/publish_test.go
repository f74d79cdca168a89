package publish_test

import (
	"context"
	"encoding/json"
	"errors"
	"maps"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/pipeline/publish"
)

// An image comes back as the same folder, from registries with and without a
// referrers API. A second push sends nothing.
func TestRoundTrip(t *testing.T) {
	for name, host := range map[string]func(t *testing.T) string{
		"referrers API": func(t *testing.T) string { return newServer(t, true).host },
		"tag scheme":    func(t *testing.T) string { return newServer(t, false).host },
		"Debian":        debian,
	} {
		t.Run(name, func(t *testing.T) {
			reference := host(t) + "/systems/os:1"
			s := seal(t, nil)
			first := s.push(t, reference)
			if first.Sent == 0 || first.Files == 0 {
				t.Errorf("%+v", first)
			}
			if again := s.push(t, reference); again.Sent != 0 || again.Reference != first.Reference {
				t.Errorf("the second push: %+v, the first: %+v", again, first)
			}
			for _, ref := range []string{reference, first.Reference, "oci://" + reference} {
				dir, notes, err := s.pull(t, ref)
				if err != nil || len(notes) > 0 {
					t.Fatalf("%s: %v, %v", ref, notes, err)
				}
				same(t, s.dir, dir)
			}
		})
	}
}

// The registry has the manifests of the folder's layout, so other programs find the
// attestations.
func TestManifests(t *testing.T) {
	r := newServer(t, true)
	s := seal(t, nil)
	_, digest, _ := strings.Cut(s.push(t, r.host+"/os:1").Reference, "@")
	if got := digests.Of(r.get("manifests/1")); got != digest {
		t.Errorf("the tag is %s, push printed %s", got, digest)
	}
	raw, err := os.ReadFile(filepath.Join(s.dir, "oci/index.json"))
	if err != nil {
		t.Fatal(err)
	}
	var have, want struct{ Manifests []struct{ Digest string } }
	if err := json.Unmarshal(raw, &want); err != nil {
		t.Fatal(err)
	}
	for _, m := range want.Manifests {
		if digests.Of(r.get("manifests/"+m.Digest)) != m.Digest {
			t.Errorf("%s differs", m.Digest)
		}
	}
	if err := json.Unmarshal(r.get("referrers/"+digest), &have); err != nil {
		t.Fatal(err)
	}
	if len(have.Manifests) != len(want.Manifests) { // the sealed folder instead of the image
		t.Errorf("%d referrers, want %d", len(have.Manifests), len(want.Manifests))
	}
}

// The list under the fallback tag keeps the entries of other programs.
func TestTagSchemeKeepsEntries(t *testing.T) {
	r := newServer(t, false)
	s := seal(t, nil)
	_, digest, _ := strings.Cut(s.push(t, r.host+"/os:1").Reference, "@")
	tag := strings.Replace(digest, ":", "-", 1)
	foreign := r.put("", []byte(`{"schemaVersion":2,"artifactType":"example/x"}`))
	r.put(tag, []byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[{"mediaType":"application/vnd.oci.image.manifest.v1+json","digest":"`+foreign+`","size":46,"artifactType":"example/x"}]}`))
	s.push(t, r.host+"/os:1")
	if list := string(r.get("manifests/" + tag)); !strings.Contains(list, foreign) || !strings.Contains(list, layout.FolderType) {
		t.Errorf("the list: %s", list)
	}
	dir, notes, err := s.pull(t, r.host+"/os:1")
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0], "1 other referrer") {
		t.Fatal(notes, err)
	}
	same(t, s.dir, dir)
}

// An image that was pushed before the registry had a referrers API is still found.
func TestTagSchemeBesideAPI(t *testing.T) {
	r := newServer(t, false)
	s := seal(t, nil)
	s.push(t, r.host+"/os:1")
	r.before(func(w http.ResponseWriter, req *http.Request) bool {
		if !strings.Contains(req.URL.Path, "/referrers/") {
			return false
		}
		_, _ = w.Write([]byte(`{"schemaVersion":2,"mediaType":"application/vnd.oci.image.index.v1+json","manifests":[]}`))
		return true
	})
	dir, _, err := s.pull(t, r.host+"/os:1")
	if err != nil {
		t.Fatal(err)
	}
	same(t, s.dir, dir)
}

// An interrupted pull leaves nothing behind.
func TestInterruptedPull(t *testing.T) {
	r := newServer(t, true)
	s := seal(t, nil)
	s.push(t, r.host+"/os:1")
	ctx, stop := context.WithCancel(t.Context())
	r.before(func(_ http.ResponseWriter, req *http.Request) bool {
		if strings.Contains(req.URL.Path, "/blobs/") {
			stop()
			panic(http.ErrAbortHandler)
		}
		return false
	})
	parent := t.TempDir()
	err := publish.Pull(ctx, r.host+"/os:1", filepath.Join(parent, "got"), publish.Options{}, s.verify)
	if left, _ := os.ReadDir(parent); !errors.Is(err, context.Canceled) || len(left) > 0 {
		t.Errorf("%v; left: %v", err, left)
	}
}

// The tag is written last, and only when all parts are in the registry.
func TestInterruptedPush(t *testing.T) {
	r := newServer(t, false)
	s := seal(t, nil)
	r.before(func(w http.ResponseWriter, req *http.Request) bool {
		if req.Method != http.MethodPut || !strings.Contains(req.URL.Path, "/manifests/sha256-") {
			return false
		}
		w.WriteHeader(http.StatusForbidden)
		return true
	})
	_, err := publish.Push(t.Context(), s.dir, r.host+"/os:1", publish.Options{})
	wantKind(t, err, system.ErrUnusable, "denies access to os")
	_, _, err = s.pull(t, r.host+"/os:1")
	wantKind(t, err, system.ErrUnusable, "MANIFEST_UNKNOWN")
	r.before(nil)
	if again := s.push(t, r.host+"/os:1"); again.Sent != 0 {
		t.Errorf("%+v", again)
	}
	if _, _, err := s.pull(t, r.host+"/os:1"); err != nil {
		t.Error(err)
	}
}

// The same image can be pushed with several decisions. Pull takes the newest one
// that is accepted, no matter who pushed the others.
func TestSeveralSeals(t *testing.T) {
	for _, api := range []bool{true, false} {
		r := newServer(t, api)
		s := seal(t, nil)
		newer := sealWith(t, s.signer, func(img *sealtest.Image) {
			img.Decision.Date, img.Now = "2026-01-20", "2026-01-20T00:00:00Z"
		})
		stranger := sealWith(t, sealtest.Signer(t), func(img *sealtest.Image) {
			img.Decision.Date, img.Now = "2026-01-30", "2026-01-30T00:00:00Z"
			img.Others["sbom/strange/file"] = "x"
		})
		first := s.push(t, r.host+"/os:1")
		for _, other := range []*sealed{newer, stranger} {
			if p := other.push(t, r.host+"/os:1"); p.Reference != first.Reference {
				t.Fatalf("%s is not %s", p.Reference, first.Reference)
			}
		}
		dir, notes, err := s.pull(t, r.host+"/os:1")
		if err != nil || len(notes) != 1 || !strings.Contains(notes[0], "was refused") {
			t.Fatal(notes, err)
		}
		same(t, newer.dir, dir)
	}
}

// An existing folder is replaced only if it is an image, and stays after an error.
func TestReplace(t *testing.T) {
	r := newServer(t, true)
	s := seal(t, nil)
	s.push(t, r.host+"/os:1")
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "letter.txt"), []byte("mine"), 0o600); err != nil {
		t.Fatal(err)
	}
	err := publish.Pull(t.Context(), r.host+"/os:1", dir, publish.Options{}, s.verify)
	wantKind(t, err, system.ErrInput, "letter.txt")
	old := seal(t, func(img *sealtest.Image) { img.Files["os-kernel"] = "old" })
	before := tree(t, old.dir)
	err = publish.Pull(t.Context(), r.host+"/os:1", old.dir, publish.Options{}, old.verify)
	wantKind(t, err, system.ErrMismatch, "")
	for path, content := range tree(t, old.dir) {
		if before[path] != content {
			t.Errorf("%s changed", path)
		}
	}
	if err := publish.Pull(t.Context(), r.host+"/os:1", old.dir, publish.Options{}, s.verify); err != nil {
		t.Fatal(err)
	}
	same(t, s.dir, old.dir)
}

// Push refuses folders that are not complete.
func TestRefusedFolders(t *testing.T) {
	r := newServer(t, true)
	for name, c := range map[string]struct {
		change func(dir string) error
		says   string
	}{
		"no layout":         {func(d string) error { return os.RemoveAll(filepath.Join(d, "oci")) }, "not complete"},
		"no decision":       {func(d string) error { return os.Remove(filepath.Join(d, "decision.json")) }, "not complete"},
		"another index":     {func(d string) error { return os.WriteFile(filepath.Join(d, "oci/index.json"), []byte("{}"), 0o600) }, "malformed"},
		"additional blob":   {func(d string) error { return os.WriteFile(filepath.Join(d, "oci/blobs/sha256/x"), nil, 0o600) }, "not a part"},
		"missing file":      {func(d string) error { return os.Remove(filepath.Join(d, "os-cmdline")) }, "os-cmdline is missing"},
		"missing statement": {func(d string) error { return os.Remove(filepath.Join(d, "attestations/provenance.sigstore.json")) }, "provenance.sigstore.json is missing"},
		"link":              {func(d string) error { return os.Symlink("os-kernel", filepath.Join(d, "link")) }, "not a regular file"},
		"longer":            {func(d string) error { return os.WriteFile(filepath.Join(d, "os-kernel"), []byte("long"), 0o600) }, "bytes, but the sealed"},
		"denied": {func(d string) error {
			return os.WriteFile(filepath.Join(d, "decision.json"), []byte(`{"verdict":"deny"}`), 0o600)
		}, "verdict is deny"},
	} {
		t.Run(name, func(t *testing.T) {
			s := seal(t, nil)
			if err := c.change(s.dir); err != nil {
				t.Fatal(err)
			}
			_, err := publish.Push(t.Context(), s.dir, r.host+"/os:1", publish.Options{})
			wantKind(t, err, system.ErrInput, c.says)
		})
	}
	if n := r.requests(http.MethodPut, "/"); n > 0 {
		t.Errorf("%d parts of refused folders were sent", n)
	}
}

// Another program can overwrite the list under the fallback tag. Then it is written
// again, but not for ever.
func TestTagSchemeRace(t *testing.T) {
	for lost, says := range map[int]string{2: "", 100: "changed by other programs at the same time"} {
		r := newServer(t, false)
		s := seal(t, nil)
		n := 0
		r.before(func(w http.ResponseWriter, req *http.Request) bool {
			if req.Method != http.MethodPut || !strings.Contains(req.URL.Path, "/manifests/sha256-") {
				return false
			}
			if n++; n > lost {
				return false
			}
			w.WriteHeader(http.StatusCreated)
			return true
		})
		_, err := publish.Push(t.Context(), s.dir, r.host+"/os:1", publish.Options{})
		if says != "" {
			wantKind(t, err, system.ErrUnusable, says)
			continue
		}
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := s.pull(t, r.host+"/os:1"); err != nil {
			t.Error(err)
		}
	}
}

// A pull that is cut at any byte continues in the next one there. Bytes that were
// changed in the cache are never used.
func TestPullContinues(t *testing.T) {
	r := newServer(t, true)
	content := strings.Repeat("0123456789abcdef", 3<<16) // 3 MiB
	s := seal(t, func(img *sealtest.Image) { img.Files["os-initrd.img"] = content })
	s.push(t, r.host+"/os:1")
	blob := "/blobs/" + digests.Of([]byte(content))
	var mu sync.Mutex
	sent := 0
	cutAt := func(most int) {
		r.before(func(w http.ResponseWriter, req *http.Request) bool {
			if !strings.HasSuffix(req.URL.Path, blob) || req.Method != http.MethodGet {
				return false
			}
			answer := httptest.NewRecorder() // the registry of the test has no ranges
			http.ServeContent(answer, req, "", time.Time{}, strings.NewReader(content))
			body := answer.Body.Bytes()
			mu.Lock()
			defer mu.Unlock()
			n := len(body)
			if most >= 0 {
				n, most = min(most, n), 0
			}
			sent += n
			maps.Copy(w.Header(), answer.Header())
			w.WriteHeader(answer.Code)
			if _, err := w.Write(body[:n]); err != nil || n < len(body) {
				panic(http.ErrAbortHandler)
			}
			return true
		})
	}
	for _, at := range []int{0, 1, 1<<20 - 1, 1 << 20, 2<<20 + 7, len(content) - 1, len(content)} {
		o := publish.Options{Partial: filepath.Join(t.TempDir(), "pulls")}
		sent = 0
		cutAt(at)
		dir := filepath.Join(t.TempDir(), "got")
		ctx, cancel := context.WithTimeout(t.Context(), 300*time.Millisecond) // as by an interrupt, during the waits between attempts
		err := publish.Pull(ctx, r.host+"/os:1", dir, o, s.verify)
		cancel()
		if err == nil && at < len(content) {
			t.Fatalf("cut at %d: the first pull succeeded", at)
		}
		cutAt(-1)
		if err != nil {
			if err := publish.Pull(t.Context(), r.host+"/os:1", dir, o, s.verify); err != nil {
				t.Fatalf("cut at %d: %v", at, err)
			}
		}
		same(t, s.dir, dir)
		if sent > len(content)+64<<10 { // the first 64 KiB of an answer are read at once, or again
			t.Errorf("cut at %d: %d bytes were sent for a file of %d", at, sent, len(content))
		}
		if left, _ := os.ReadDir(o.Partial); len(left) > 0 {
			t.Errorf("cut at %d: %v is left in the cache", at, left)
		}
	}
	// A changed file in the cache.
	o := publish.Options{Partial: t.TempDir()}
	if err := os.WriteFile(filepath.Join(o.Partial, digests.Hex(digests.Of([]byte(content)))), []byte("changed"), 0o600); err != nil {
		t.Fatal(err)
	}
	dir := filepath.Join(t.TempDir(), "got")
	wantKind(t, publish.Pull(t.Context(), r.host+"/os:1", dir, o, s.verify), system.ErrMismatch, "os-initrd.img")
	if err := publish.Pull(t.Context(), r.host+"/os:1", dir, o, s.verify); err != nil {
		t.Fatal(err)
	}
	same(t, s.dir, dir)
}
