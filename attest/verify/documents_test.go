package verify_test

import (
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
)

// A bill of materials that two readers understand differently, or whose kind
// differs from its statement, is refused even if all references to it are
// signed again.
func TestDocuments(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	const path, stem = "sbom/components/kernel.spdx.json", "component-kernel.spdx"
	for _, tt := range []struct {
		name   string
		change func(string) string
		what   string // "" if it is accepted
	}{
		{"as it was", func(s string) string { return s }, ""},
		{"another document", func(s string) string {
			return strings.Replace(s, `"packages": []`, `"packages": [], "comment": "x"`, 1)
		}, ""},
		{"packages twice", func(s string) string {
			return strings.Replace(s, `"packages": []`, `"packages": [], "packages": [{"name": "x"}]`, 1)
		}, "duplicate member"},
		{"packages twice, by letter case", func(s string) string {
			return strings.Replace(s, `"packages": []`, `"packages": [], "Packages": [{"name": "x"}]`, 1)
		}, "duplicate member"},
		{"of the other kind", func(string) string { return `{"bomFormat": "CycloneDX", "specVersion": "1.6"}` }, "not a document of type"},
		{"of both kinds", func(s string) string { return strings.Replace(s, `{`, `{"bomFormat": "CycloneDX",`, 1) }, "not a document of type"},
		{"of another version", func(s string) string { return strings.Replace(s, "SPDX-2.3", "SPDX-2.2", 1) }, "not a document of type"},
		{"of no kind", func(string) string { return `{}` }, "not a document of type"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			dir := sealtest.New("demo").Seal(t, f.KeySigner)
			raw, err := os.ReadFile(filepath.Join(dir, path))
			if err != nil {
				t.Fatal(err)
			}
			doc := tt.change(string(raw))
			put(t, filepath.Join(dir, path), []byte(doc))
			b := readBundle(t, dir, stem)
			var st struct {
				Type          string          `json:"_type"`
				Subject       json.RawMessage `json:"subject"`
				PredicateType string          `json:"predicateType"`
				Predicate     json.RawMessage `json:"predicate"`
			}
			if err := json.Unmarshal(b.DSSEEnvelope.Payload, &st); err != nil {
				t.Fatal(err)
			}
			st.Predicate = json.RawMessage(doc)
			f.raw(t, dir, stem, encode(t, st))
			f.edit(t, dir, "provenance", func(_, p object) {
				for _, b := range p["runDetails"].(object)["byproducts"].([]any) {
					if b := b.(object); b["name"] == path {
						b["digest"] = object{"sha256": strings.TrimPrefix(sealtest.Digest(doc), "sha256:")}
					}
				}
			})
			relayout(t, dir)
			r, err := verifier(t, f.KeySigner).Dir(dir)
			if tt.what != "" {
				refused(t, r, err, verify.CheckContent, tt.what)
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			r.Close()
		})
	}
}

// Names of signed files are paths in the folder, and each name is one file on
// every file system.
func TestSubjectNames(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	hex := strings.Repeat("a", 64)
	for name, what := range map[string]string{
		"../x": "is not a file of an image", "/etc/passwd": "is not a file of an image", "a/../b": "is not a file of an image", ".": "is not a file of an image",
		"a\x00b": "is not a file of an image", "a\nb": "is not a file of an image", `a\b`: "is not a file of an image", "attestations/x": "is not a file of an image",
		"Demo-Kernel": "letter case", "oci/x": "two OCI artifacts", "oci/a/b": "two OCI artifacts", "": "empty or a duplicate",
	} {
		dir := sealtest.New("demo").Seal(t, f.KeySigner)
		for _, stem := range imageStems() {
			f.edit(t, dir, stem, func(st, _ object) {
				st["subject"] = append(st["subject"].([]any), object{"name": name, "digest": object{"sha256": hex}})
			})
		}
		check := verify.CheckSubject
		if name == "" {
			check = verify.CheckSignature
		}
		r, err := verifier(t, f.KeySigner).Dir(dir)
		refused(t, r, err, check, what)
	}
	// Members other than a name and one digest.
	for _, extra := range []object{
		{"uri": "https://example.org"}, {"mediaType": "x"}, {"annotations": object{"a": "b"}}, {"downloadLocation": "x"}, {"content": "eA=="},
	} {
		dir := sealtest.New("demo").Seal(t, f.KeySigner)
		for _, stem := range imageStems() {
			f.edit(t, dir, stem, func(st, _ object) {
				for k, v := range extra {
					st["subject"].([]any)[0].(object)[k] = v
				}
			})
		}
		if err := try(t, f, dir); err == nil || !strings.Contains(err.Error(), statement.BundlePath("provenance")) {
			t.Errorf("%v: %v", extra, err)
		}
	}
}
