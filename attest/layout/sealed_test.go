package layout_test

import (
	"bytes"
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/layout"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

func file(path, content string) layout.File {
	return layout.File{Path: path, Digest: digests.Of([]byte(content)), Size: int64(len(content))}
}

// small is a sealed folder.
func small() *layout.Sealed {
	return &layout.Sealed{
		Name: "os", Decided: "2026-01-02",
		Files:   []layout.File{file("os-cmdline", "quiet"), file("os-kernel", "kernel")},
		Bundles: []layout.Bundle{{File: file("attestations/vsa.sigstore.json", "vsa"), PredicateType: "https://slsa.dev/verification_summary/v1"}},
		Others:  []layout.File{file("decision.json", "{}"), file("sbom/os.spdx.json", "{ }")},
	}
}

// manifests are the manifests of a sealed folder in a registry.
func manifests(t testing.TB, s *layout.Sealed) (artifact, folder []byte, documents map[string][]byte) {
	t.Helper()
	l, err := layout.Describe(s.Name, s.Files, s.Bundles)
	if err != nil {
		t.Fatal(err)
	}
	if folder, err = s.Manifest(); err != nil {
		t.Fatal(err)
	}
	return l.Documents["blobs/sha256/"+digests.Hex(l.Manifest)], folder, l.Documents
}

// What is written can be read, and nothing is lost.
func TestSealed(t *testing.T) {
	t.Parallel()
	want := small()
	artifact, folder, documents := manifests(t, want)
	files, err := layout.ParseArtifact(artifact)
	if err != nil {
		t.Fatal(err)
	}
	got, err := layout.ParseFolder(folder, digests.Of(artifact), files)
	if err != nil {
		t.Fatal(err)
	}
	if got.Name != want.Name || got.Decided != want.Decided || !slices.Equal(got.Files, want.Files) ||
		!slices.Equal(got.Bundles, want.Bundles) || !slices.Equal(got.Others, want.Others) {
		t.Errorf("%+v, want %+v", got, want)
	}
	again, l, err := layout.Parse(func(path string) ([]byte, error) { return documents[path], nil })
	if err != nil {
		t.Fatal(err)
	}
	if again.Name != want.Name || !slices.Equal(again.Files, want.Files) || !slices.Equal(again.Bundles, want.Bundles) || l.Manifest != digests.Of(artifact) {
		t.Errorf("%+v, want %+v", again, want)
	}
	// A change in any document is noticed.
	for path := range documents {
		changed := maps.Clone(documents)
		changed[path] = append(slices.Clone(documents[path]), '\n')
		if _, _, err := layout.Parse(func(path string) ([]byte, error) { return changed[path], nil }); err == nil {
			t.Errorf("a change in %s was not noticed", path)
		}
	}
}

// Documents and inventories are read as they were written, for their subject only.
func TestDocuments(t *testing.T) {
	t.Parallel()
	subject := digests.Of([]byte("image"))
	raw, err := layout.Documents("application/x", subject, 5, map[string][]byte{"b/c": []byte("2"), "a": []byte("1")})
	if err != nil {
		t.Fatal(err)
	}
	if files, err := layout.ParseDocuments(raw, "application/x", subject); err != nil || !slices.Equal(files, []layout.File{file("a", "1"), file("b/c", "2")}) {
		t.Errorf("%+v, %v", files, err)
	}
	bundle, body := file("", "bundle"), file("", "body")
	inventory, err := layout.Inventory(layout.File{Digest: subject, Size: 5}, "application/vnd.oci.image.manifest.v1+json", bundle, body)
	if err != nil {
		t.Fatal(err)
	}
	if a, b, err := layout.ParseInventory(inventory, subject); err != nil || a != bundle || b != body {
		t.Errorf("%+v, %+v, %v", a, b, err)
	}
	other := digests.Of([]byte("other"))
	for name, err := range map[string]error{
		"documents of another image":  second(layout.ParseDocuments(raw, "application/x", other)),
		"documents of another type":   second(layout.ParseDocuments(raw, "application/y", subject)),
		"documents in another form":   second(layout.ParseDocuments(append(slices.Clone(raw), ' '), "application/x", subject)),
		"documents that leave":        second(layout.ParseDocuments(bytes.Replace(raw, []byte(`"a"`), []byte(`"../a"`), 1), "application/x", subject)),
		"inventory of another image":  third(layout.ParseInventory(inventory, other)),
		"documents as an inventory":   third(layout.ParseInventory(raw, subject)),
		"inventory without a digest":  third(layout.ParseInventory(bytes.ReplaceAll(inventory, []byte(body.Digest), []byte("sha256:x")), subject)),
		"inventory that is not JSON":  third(layout.ParseInventory([]byte("{"), subject)),
		"inventory with other layers": third(layout.ParseInventory(bytes.Replace(inventory, []byte("+zstd"), []byte("+gzip"), 1), subject)),
	} {
		if err == nil {
			t.Errorf("%s: accepted", name)
		}
	}
}

func second[A any](_ A, err error) error { return err }

func third[A, B any](_ A, _ B, err error) error { return err }

// Each manifest that is accepted has safe paths, and only one form.
func FuzzParse(f *testing.F) {
	want := small()
	artifact, folder, _ := manifests(f, want)
	f.Add(artifact)
	f.Add(folder)
	f.Add(bytes.Replace(artifact, []byte("os-kernel"), []byte("../x"), 1))
	f.Add(bytes.Replace(folder, []byte("decision.json"), []byte("/x"), 1))
	f.Fuzz(func(t *testing.T, raw []byte) {
		if files, err := layout.ParseDocuments(raw, layout.FolderType, digests.Of(artifact)); err == nil {
			safe(t, files)
		}
		if bundle, body, err := layout.ParseInventory(raw, digests.Of(artifact)); err == nil && (!digests.Valid(bundle.Digest) || !digests.Valid(body.Digest)) {
			t.Errorf("an invalid digest is accepted: %q", raw)
		}
		if files, err := layout.ParseArtifact(raw); err == nil {
			safe(t, files)
			if again, err := layout.Artifact(files); err != nil || again != digests.Of(raw) {
				t.Errorf("another form is accepted: %q, %v", raw, err)
			}
		}
		if s, err := layout.ParseFolder(raw, digests.Of(artifact), want.Files); err == nil {
			all := slices.Concat(s.Files, s.Others)
			for _, b := range s.Bundles {
				all = append(all, b.File)
			}
			safe(t, all)
			if again, err := s.Manifest(); err != nil || !bytes.Equal(again, raw) {
				t.Errorf("another form is accepted: %q, %v", raw, err)
			}
		}
	})
}

func safe(t *testing.T, files []layout.File) {
	t.Helper()
	seen := map[string]bool{}
	for _, f := range files {
		if !filepath.IsLocal(f.Path) || filepath.Clean(f.Path) != f.Path || seen[f.Path] || strings.HasPrefix(f.Path, layout.Dir+"/") ||
			!digests.Valid(f.Digest) || f.Size < 0 {
			t.Errorf("%+v is accepted", f)
		}
		seen[f.Path] = true
	}
}
