package publish_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/pipeline/publish"
)

// pushed is an image in a registry, and what a hostile registry knows of it.
type pushed struct {
	*server
	s         *sealed
	reference string // with the tag
	digest    string
	manifest  []byte
	folder    []byte // the manifest of the sealed folder
	layers    []struct{ Digest string }
}

func pushOne(t *testing.T) *pushed {
	t.Helper()
	r := newServer(t, false)
	p := &pushed{server: r, s: seal(t, nil), reference: r.host + "/os:1"}
	_, p.digest, _ = strings.Cut(p.s.push(t, p.reference).Reference, "@")
	p.manifest = p.get("manifests/1")
	var doc struct {
		Layers    []struct{ Digest string }
		Manifests []struct{ Digest, ArtifactType string }
	}
	if err := json.Unmarshal(p.manifest, &doc); err != nil {
		t.Fatal(err)
	}
	p.layers = doc.Layers
	if err := json.Unmarshal(p.get("manifests/"+p.tag()), &doc); err != nil {
		t.Fatal(err)
	}
	for _, m := range doc.Manifests {
		if m.ArtifactType == layout.FolderType {
			p.folder = p.get("manifests/" + m.Digest)
		}
	}
	return p
}

func (p *pushed) tag() string { return strings.Replace(p.digest, ":", "-", 1) }

// instead answers requests whose path ends with end with other bytes.
func (p *pushed) instead(end string, change func([]byte) []byte) {
	p.before(func(w http.ResponseWriter, r *http.Request) bool {
		if r.Method != http.MethodGet || !strings.HasSuffix(r.URL.Path, end) {
			return false
		}
		answer := p.answer(r)
		raw := change(answer.Body.Bytes())
		w.Header().Set("Content-Type", answer.Header().Get("Content-Type"))
		w.Header().Set("Content-Length", fmt.Sprint(len(raw)))
		_, _ = w.Write(raw)
		return true
	})
}

// titles changes the paths of a manifest's layers.
func titles(change func(i int, path string) string) func(map[string]any) {
	return func(doc map[string]any) {
		for i, l := range doc["layers"].([]any) {
			a := l.(map[string]any)["annotations"].(map[string]any)
			a["org.opencontainers.image.title"] = change(i, a["org.opencontainers.image.title"].(string))
		}
	}
}

// first replaces the path of the first layer.
func first(path string) func(map[string]any) {
	return titles(func(i int, old string) string {
		if i == 0 {
			return path
		}
		return old
	})
}

// A registry that lies is found out, and nothing is written.
func TestLies(t *testing.T) {
	for name, c := range map[string]struct {
		lie  func(t *testing.T, p *pushed)
		kind error
		says string
	}{
		"other bytes": {func(_ *testing.T, p *pushed) {
			p.instead(p.layers[0].Digest, func(b []byte) []byte { b[0] ^= 1; return b })
		}, system.ErrMismatch, "os-cmdline"},
		"short file": {func(_ *testing.T, p *pushed) {
			p.instead(p.layers[1].Digest, func(b []byte) []byte { return b[:len(b)-1] })
		}, system.ErrMismatch, "cut short"},
		"long file": {func(_ *testing.T, p *pushed) {
			p.instead(p.layers[1].Digest, func(b []byte) []byte { return append(b, 'x') })
		}, system.ErrMismatch, "longer"},
		"other manifest of the digest": {func(_ *testing.T, p *pushed) {
			p.reference = p.host + "/os@" + p.digest
			p.instead("/manifests/"+p.digest, func(b []byte) []byte { return append(b, '\n') })
		}, system.ErrMismatch, "has the digest"},
		"other manifest of the folder": {func(_ *testing.T, p *pushed) {
			p.instead(digests.Of(p.folder), func(b []byte) []byte { return append(b, '\n') })
		}, system.ErrMismatch, "has the digest"},
		"image of a stranger": {func(t *testing.T, p *pushed) {
			sealWith(t, sealtest.Signer(t), func(img *sealtest.Image) { img.Files["os-kernel"] = "evil" }).push(t, p.reference)
		}, system.ErrMismatch, "not signed by a trusted key"},
		"missing file": {func(_ *testing.T, p *pushed) {
			p.before(func(w http.ResponseWriter, r *http.Request) bool {
				if strings.HasSuffix(r.URL.Path, p.layers[0].Digest) {
					w.WriteHeader(http.StatusNotFound)
					return true
				}
				return false
			})
		}, system.ErrUnusable, "does not have os-cmdline"},
		"no referrers": {func(_ *testing.T, p *pushed) {
			p.instead(p.tag(), func([]byte) []byte { return []byte(`{"manifests":[]}`) })
		}, system.ErrUnusable, "no sealed folder"},
		"list that is not JSON": {func(_ *testing.T, p *pushed) {
			p.instead(p.tag(), func([]byte) []byte { return []byte(`<html>`) })
		}, system.ErrUnusable, "malformed"},
		"large manifest": {func(_ *testing.T, p *pushed) {
			p.instead("/manifests/1", func([]byte) []byte { return bytes.Repeat([]byte(" "), layout.MaxManifest+1) })
		}, system.ErrUnusable, "larger than"},
		"large list": {func(_ *testing.T, p *pushed) {
			p.instead(p.tag(), func([]byte) []byte { return bytes.Repeat([]byte(" "), layout.MaxManifest+1) })
		}, system.ErrUnusable, "larger than"},
		"deep manifest": {func(_ *testing.T, p *pushed) {
			p.instead("/manifests/1", func([]byte) []byte { return bytes.Repeat([]byte("["), 1<<20) })
		}, system.ErrUnusable, "malformed"},
	} {
		t.Run(name, func(t *testing.T) {
			p := pushOne(t)
			c.lie(t, p)
			_, _, err := p.s.pull(t, p.reference)
			wantKind(t, err, c.kind, c.says)
		})
	}
}

// Manifests in another form are refused before a file is written.
func TestForms(t *testing.T) {
	forms := map[string]struct {
		change func(map[string]any)
		says   string
	}{
		"artifact type": {func(d map[string]any) { d["artifactType"] = "application/x" }, "artifact type"},
		"up":            {first("../evil"), "not the path"},
		"up inside":     {first("a/../../evil"), "not the path"},
		"absolute":      {first("/etc/passwd"), "not the path"},
		"empty":         {first(""), "not the path"},
		"dot":           {first("."), "not the path"},
		"control":       {first("a\x1b[2J"), "not the path"},
		"backslash":     {first(`..\evil`), "not the path"},
		"twice":         {titles(func(int, string) string { return "a" }), "twice"},
		"folder": {titles(func(i int, _ string) string {
			return "a" + strings.Repeat("/b", i)
		}), "both a file and a folder"},
		"layout":       {first("oci/index.json"), "wrong place"},
		"attestation":  {first("attestations/x/y.sigstore.json"), "wrong place"},
		"digest":       {func(d map[string]any) { d["layers"].([]any)[0].(map[string]any)["digest"] = "sha256:../x" }, "digest"},
		"size":         {func(d map[string]any) { d["layers"].([]any)[0].(map[string]any)["size"] = -1 }, "size"},
		"huge size":    {func(d map[string]any) { d["layers"].([]any)[0].(map[string]any)["size"] = 1e30 }, "malformed"},
		"more members": {func(d map[string]any) { d["extra"] = 1 }, "form"},
	}
	for name, c := range forms {
		t.Run(name, func(t *testing.T) {
			p := pushOne(t)
			p.put("1", edit(t, p.manifest, c.change))
			before := p.requests(http.MethodGet, "/blobs/")
			_, _, err := p.s.pull(t, p.reference)
			wantKind(t, err, system.ErrUnusable, c.says)
			if p.requests(http.MethodGet, "/blobs/") != before {
				t.Error("a file was fetched")
			}
		})
		t.Run(name+" of the folder", func(t *testing.T) {
			p := pushOne(t)
			raw := edit(t, p.folder, c.change)
			digest := p.put("", raw)
			p.instead(p.tag(), func([]byte) []byte {
				return fmt.Appendf(nil, `{"manifests":[{"digest":%q,"size":%d,"artifactType":%q}]}`, digest, len(raw), layout.FolderType)
			})
			_, notes, err := p.s.pull(t, p.reference)
			wantKind(t, err, system.ErrUnusable, "no sealed folder")
			if len(notes) != 1 || !strings.Contains(notes[0], "was ignored") {
				t.Error(notes)
			}
		})
	}
}

// A sealed folder of another image, and one that is too large, are not used.
func TestFolderOfAnotherImage(t *testing.T) {
	for says, change := range map[string]func(map[string]any){
		"its subject is another image": func(d map[string]any) {
			d["subject"].(map[string]any)["digest"] = sealtest.Digest("x")
		},
		"more than": func(d map[string]any) {
			for _, l := range d["layers"].([]any) {
				l.(map[string]any)["size"] = layout.MaxOthers
			}
		},
	} {
		p := pushOne(t)
		raw := edit(t, p.folder, change)
		digest := p.put("", raw)
		p.instead(p.tag(), func([]byte) []byte {
			return fmt.Appendf(nil, `{"manifests":[{"digest":%q,"size":%d,"artifactType":%q}]}`, digest, len(raw), layout.FolderType)
		})
		_, _, err := p.s.pull(t, p.reference)
		wantKind(t, err, system.ErrUnusable, says)
	}
}

// A thousand referrers of others are ignored without reading them.
func TestForeignReferrers(t *testing.T) {
	p := pushOne(t)
	var list strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&list, `{"digest":%q,"size":9000000,"artifactType":"application/x"},`, sealtest.Digest(fmt.Sprint(i)))
	}
	p.instead(p.tag(), func(b []byte) []byte {
		return bytes.Replace(b, []byte(`"manifests":[`), []byte(`"manifests":[`+list.String()), 1)
	})
	before := p.requests(http.MethodGet, "/manifests/")
	dir, notes, err := p.s.pull(t, p.reference)
	if err != nil || len(notes) != 1 || !strings.Contains(notes[0], "1000 other referrers") {
		t.Fatal(notes, err)
	}
	same(t, p.s.dir, dir)
	if n := p.requests(http.MethodGet, "/manifests/") - before; n != 3 { // the image, the list, the folder
		t.Errorf("%d manifests were read", n)
	}
}

// Busy servers and cut connections do not end a push or a pull.
func TestFaults(t *testing.T) {
	r := newServer(t, true)
	s := seal(t, nil)
	seen := map[string]bool{}
	r.before(func(w http.ResponseWriter, req *http.Request) bool {
		kind := req.Method + " " + map[bool]string{true: "blobs", false: "other"}[strings.Contains(req.URL.Path, "/blobs/")]
		r.mu.Lock()
		again := seen[kind]
		seen[kind] = true
		r.mu.Unlock()
		switch {
		case again:
			return false
		case kind == "PUT blobs":
			_, _ = io.CopyN(io.Discard, req.Body, 1)
			panic(http.ErrAbortHandler)
		case kind == "GET blobs":
			answer := httptest.NewRecorder()
			r.inner.ServeHTTP(answer, req)
			w.Header().Set("Content-Length", fmt.Sprint(answer.Body.Len()))
			_, _ = w.Write(answer.Body.Bytes()[:answer.Body.Len()/2])
			panic(http.ErrAbortHandler)
		case kind == "PUT other":
			panic(http.ErrAbortHandler)
		case kind == "POST blobs":
			w.Header().Set("Retry-After", "0")
			w.WriteHeader(http.StatusTooManyRequests)
		default:
			w.WriteHeader(http.StatusServiceUnavailable)
		}
		return true
	})
	s.push(t, r.host+"/os:1")
	dir, _, err := s.pull(t, r.host+"/os:1")
	if err != nil {
		t.Fatal(err)
	}
	same(t, s.dir, dir)
	for _, kind := range []string{"GET blobs", "PUT blobs", "POST blobs", "HEAD blobs", "GET other", "PUT other"} {
		if !seen[kind] {
			t.Errorf("no request was a %s", kind)
		}
	}
}

// One error names the registry, the repository and the next step.
func TestDenied(t *testing.T) {
	r := newServer(t, true)
	s := seal(t, nil)
	r.before(func(w http.ResponseWriter, req *http.Request) bool {
		if req.Method != http.MethodPost {
			return false
		}
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	_, err := publish.Push(t.Context(), s.dir, r.host+"/os:1", publish.Options{})
	wantKind(t, err, system.ErrUnusable, "image "+r.host+"/os:1: registry "+r.host+" denies access to os")
	if strings.Contains(err.Error(), "\n") {
		t.Errorf("several lines: %v", err)
	}
}

// Many sealed folders of an image are not all read.
func TestManySeals(t *testing.T) {
	p := pushOne(t)
	var list strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&list, `{"digest":%q,"size":100,"artifactType":%q},`, sealtest.Digest(fmt.Sprint(i)), layout.FolderType)
	}
	p.instead(p.tag(), func(b []byte) []byte {
		return bytes.Replace(b, []byte(`"manifests":[`), []byte(`"manifests":[`+list.String()), 1)
	})
	before := p.requests(http.MethodGet, "/manifests/")
	dir, notes, err := p.s.pull(t, p.reference)
	if err != nil || len(notes) == 0 || !strings.Contains(notes[0], "1001 sealed folders; only the last 8") {
		t.Fatal(notes, err)
	}
	same(t, p.s.dir, dir)
	if n := p.requests(http.MethodGet, "/manifests/") - before; n > 10 {
		t.Errorf("%d manifests were read", n)
	}
}

// A token that expires during a push, a copy or a pull is replaced: the registry
// accepts each token for a few requests only.
func TestExpiringTokens(t *testing.T) {
	r := newServer(t, true)
	var mu sync.Mutex
	tokens, refused := 0, 0
	left := map[string]int{}
	again := map[string]string{} // the token of each refused request
	r.before(func(w http.ResponseWriter, req *http.Request) bool {
		mu.Lock()
		defer mu.Unlock()
		if req.URL.Path == "/token" {
			tokens++
			left[fmt.Sprintf("Bearer t%d", tokens)] = 30
			fmt.Fprintf(w, `{"token":"t%d","expires_in":60}`, tokens)
			return true
		}
		auth, request := req.Header.Get("Authorization"), req.Method+" "+req.URL.String()
		if old, retried := again[request]; retried && auth != old && strings.HasPrefix(auth, "Bearer t") {
			delete(again, request) // on a busy machine, others can have used up the new token meanwhile
			return false
		}
		if left[auth] > 0 {
			left[auth]--
			return false
		}
		again[request] = auth
		refused++
		w.Header().Set("WWW-Authenticate", `Bearer realm="http://`+req.Host+`/token",service="test"`)
		w.WriteHeader(http.StatusUnauthorized)
		return true
	})
	s := seal(t, nil)
	s.push(t, r.host+"/os:1")
	if _, err := publish.Copy(t.Context(), r.host+"/os:1", r.host+"/mirror:1", publish.Options{}); err != nil {
		t.Fatal(err)
	}
	dir, _, err := s.pull(t, r.host+"/mirror:1")
	if err != nil {
		t.Fatal(err)
	}
	same(t, s.dir, dir)
	if tokens < 5 || refused < 5 {
		t.Errorf("only %d tokens expired", refused)
	}
}
