package publish_test

import (
	"archive/tar"
	"bytes"
	"crypto"
	"encoding/json"
	"errors"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/frozentest"
	"github.com/seaworthy-os/seaworthy/pipeline/publish"
	"github.com/seaworthy-os/seaworthy/policy"
)

// content is a text, or Base64 if the bytes are not text.
type content struct {
	Text   string `json:"text,omitempty"`
	Base64 []byte `json:"base64,omitempty"`
}

func contentOf(raw []byte) content {
	if utf8.Valid(raw) {
		return content{Text: string(raw)}
	}
	return content{Base64: raw}
}

func (c content) bytes() []byte {
	if c.Base64 != nil {
		return c.Base64
	}
	return []byte(c.Text)
}

// frozenArchive is an archive of pack, as one text file.
type frozenArchive struct {
	Key string `json:"key"`
	// Documents are the digests of the documents for the site, by path.
	Documents map[string]string `json:"documents"`
	Entries   []frozenEntry     `json:"entries"`
}

type frozenEntry struct {
	Name string `json:"name"`
	content
}

// frozenInventory is an inventory in a registry.
type frozenInventory struct {
	Key string `json:"key"`
	// Image is the digest of the image's manifest. Program and How are on what an
	// inventory depends.
	Image   string `json:"image"`
	Program string `json:"program"`
	How     string `json:"how"`
	// Inventory is what is read.
	Inventory string `json:"inventory"`
	// Tag, Manifest and Blobs are in the registry.
	Tag      string    `json:"tag"`
	Manifest string    `json:"manifest"`
	Blobs    []content `json:"blobs"`
}

func parseKey(t *testing.T, text string) crypto.PublicKey {
	t.Helper()
	key, err := verify.ParseKey([]byte(text))
	if err != nil {
		t.Fatal(err)
	}
	return key
}

// TestFrozenArchives unpacks archives of each format that pack ever wrote, with their
// documents for the site. A site may have such a file for years.
func TestFrozenArchives(t *testing.T) {
	if *frozentest.Name != "" {
		freezeArchive(t, *frozentest.Name)
	}
	frozentest.Each(t, "*-archive.json", func(t *testing.T, f *frozenArchive, raw []byte) {
		if !bytes.Contains(raw, []byte(publish.SiteType)) {
			t.Errorf("it has no documents of type %s", publish.SiteType)
		}
		var all []entry
		for _, e := range f.Entries {
			all = append(all, entry{tar.Header{Typeflag: tar.TypeReg, Name: e.Name, Mode: 0o644}, e.bytes()})
		}
		file := written(t, all)
		site, err := publish.ReadSite(t.Context(), file, policy.Options{})
		if err != nil {
			t.Fatal(err)
		}
		if len(site.Documents) != len(f.Documents) {
			t.Errorf("%d documents, want %d", len(site.Documents), len(f.Documents))
		}
		for path, digest := range f.Documents {
			if got := digests.Of(site.Documents[path]); got != digest {
				t.Errorf("%s has digest %s, want %s", path, got, digest)
			}
		}
		dir, err := (&sealed{verify: verifierOf(t, parseKey(t, f.Key))}).unpack(t, file)
		if err != nil {
			t.Fatal(err)
		}
		if err := site.Check(t.Context(), dir); err != nil {
			t.Errorf("the documents do not belong to the image: %v", err)
		}
		if err := site.Write(dir + ".site"); err != nil {
			t.Error(err)
		}
	})
}

func freezeArchive(t *testing.T, name string) {
	t.Helper()
	dir := t.TempDir()
	write := func(path, text string) string {
		full := filepath.Join(dir, path)
		if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, []byte(text), 0o644)); err != nil {
			t.Fatal(err)
		}
		return full
	}
	rules, err := filepath.Abs("../../cmd/seaworthy/testdata/policy")
	if err != nil {
		t.Fatal(err)
	}
	// The image passed this policy.
	p, err := policy.Prepare(t.Context(), policy.Options{Policies: []policy.Source{{Name: rules}}, FailOn: "low", Now: time.Unix(0, 0)})
	if err != nil {
		t.Fatal(err)
	}
	signer := sealtest.Signer(t)
	img := sealtest.New("os")
	img.Decision.Policy.Name, img.Decision.Policy.Digest = p.Policy().Parts[0].Name, p.Policy().Parts[0].Digest
	img.Decision.Policy.Parts = p.Policy().Parts[:1]
	img.Decision.Policy.Parts[0].Digest = digests.Of([]byte("the built-in rules of another version"))
	file := filepath.Join(dir, "os.tar")
	site, err := publish.Gather(t.Context(), publish.SiteOptions{Lock: write("os.lock.json", "os.lock.json"), Policies: []string{rules},
		TrustedRoot: write("root.json", `{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`)})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := publish.Pack(t.Context(), img.Seal(t, signer), file, site, publish.Options{}); err != nil {
		t.Fatal(err)
	}
	f := &frozenArchive{Key: sealtest.PublicPEM(t, signer.PublicKey()), Documents: map[string]string{}}
	for path, raw := range site.Documents {
		f.Documents[path] = digests.Of(raw)
	}
	for _, e := range entries(t, file) {
		f.Entries = append(f.Entries, frozenEntry{e.Name, contentOf(e.content)})
	}
	frozentest.Write(t, name+"-archive.json", f)
}

// TestFrozenInventories reads inventories in each form in which they were ever stored in
// a registry.
func TestFrozenInventories(t *testing.T) {
	if *frozentest.Name != "" {
		freezeInventory(t, *frozentest.Name)
	}
	frozentest.Each(t, "*-inventory.json", func(t *testing.T, f *frozenInventory, raw []byte) {
		if !bytes.Contains(raw, []byte(layout.InventoryType)) {
			t.Errorf("it has no artifact of type %s", layout.InventoryType)
		}
		r := newServer(t, true)
		for _, b := range f.Blobs {
			r.blob(b.bytes())
		}
		r.put(f.Tag, []byte(f.Manifest))
		var notes []string
		m, err := publish.OpenMemory(t.Context(), r.host+"/os", publish.MemoryOptions{Program: f.Program, Keys: []crypto.PublicKey{parseKey(t, f.Key)},
			Options: publish.Options{Note: func(n string) { notes = append(notes, n) }}})
		if err != nil {
			t.Fatal(err)
		}
		defer m.Close()
		if got, ok := m.Load(&system.Image{Name: "example.org/web", Manifest: f.Image}, f.How); !ok || string(got) != f.Inventory {
			t.Errorf("inventory %q, %t, notes %q", got, ok, notes)
		}
	})
}

// blob stores a blob.
func (s *server) blob(raw []byte) {
	s.t.Helper()
	r := httptest.NewRequest(http.MethodPost, "/v2/os/blobs/uploads/?digest="+digests.Of(raw), bytes.NewReader(raw))
	if w := s.answer(r); w.Code != http.StatusCreated {
		s.t.Fatalf("blob: %d %s", w.Code, w.Body)
	}
}

func freezeInventory(t *testing.T, name string) {
	t.Helper()
	r, signer := newServer(t, true), sealtest.Signer(t)
	f := &frozenInventory{Key: sealtest.PublicPEM(t, signer.PublicKey()), Program: "p1", How: "how", Image: component("web").Manifest, Inventory: strings.Repeat(`{"files":[]}`, 20)}
	m, _ := memory(t, r.host, f.Program, signer, signer)
	m.Save(component("web"), f.How, []byte(f.Inventory))
	for _, line := range r.log {
		if _, tag, ok := strings.Cut(line, "PUT /v2/os/manifests/"); ok && strings.HasPrefix(tag, "inventory-") {
			f.Tag = tag
		}
	}
	f.Manifest = string(r.get("manifests/" + f.Tag))
	var doc struct {
		Config struct{ Digest string }
		Layers []struct{ Digest string }
	}
	if err := json.Unmarshal([]byte(f.Manifest), &doc); err != nil {
		t.Fatal(err)
	}
	for _, d := range append(doc.Layers, doc.Config) {
		f.Blobs = append(f.Blobs, contentOf(r.get("blobs/"+d.Digest)))
	}
	frozentest.Write(t, name+"-inventory.json", f)
}
