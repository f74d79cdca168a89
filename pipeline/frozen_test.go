package pipeline_test

import (
	"errors"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/sigstoretest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/trust"
	store "github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/component/recipe"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/frozentest"
	"github.com/seaworthy-os/seaworthy/internal/ocitest"
	"github.com/seaworthy-os/seaworthy/pipeline"
)

const frozenImage = "seaworthy/tool:1.0"

// frozenComponent is a layout with a signed component image, as one text file. Its
// layers are not in it: no signature needs them.
type frozenComponent struct {
	// Trust is a trust policy. Its files are among Files.
	Trust string `json:"trust"`
	// Verified counts the trusted statements by their type.
	Verified map[string]int `json:"verified"`
	// Files are texts by path; those of the layout are below layout/.
	Files map[string]string `json:"files"`
}

// TestFrozenComponents verifies component images that were signed in each format that
// was ever written, and reads their provenance.
func TestFrozenComponents(t *testing.T) {
	t.Parallel()
	if *frozentest.Name != "" {
		freezeComponents(t, *frozentest.Name)
	}
	frozentest.Each(t, "*.json", func(t *testing.T, f *frozenComponent, _ []byte) {
		t.Parallel()
		f.verify(t)
	})
}

func (f *frozenComponent) verify(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	f.Files["trust.yml"] = f.Trust
	for path, text := range f.Files {
		full := filepath.Join(dir, filepath.FromSlash(path))
		if err := errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, []byte(text), 0o600)); err != nil {
			t.Fatal(err)
		}
	}
	// verify refuses what was signed later than now.
	p, err := trust.Load(filepath.Join(dir, "trust.yml"), time.Date(2030, 1, 1, 0, 0, 0, 0, time.UTC), pipeline.Keyless)
	if err != nil {
		t.Fatal(err)
	}
	found, err := pipeline.ExplainTrust(t.Context(), p, frozenImage, store.Options{Paths: []string{filepath.Join(dir, "layout")}, Arch: "amd64", Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	if m := missing(found); m != "" {
		t.Error(m)
	}
	verified := map[string]int{}
	for _, a := range found.Attestations {
		if !a.Verified {
			t.Errorf("%s is not trusted: %s", a.PredicateType, a.Reason)
			continue
		}
		verified[a.PredicateType]++
		if a.PredicateType == statement.Provenance && (a.Provenance == nil || a.Provenance.Builder != statement.BuilderID || a.Provenance.BuildType != attest.ComponentBuildType) {
			t.Errorf("provenance %+v", a.Provenance)
		}
	}
	if !maps.Equal(verified, f.Verified) {
		t.Errorf("trusted statements %v, want %v", verified, f.Verified)
	}
}

// freezeComponents signs a component image with a key, and with an identity.
func freezeComponents(t *testing.T, name string) {
	t.Helper()
	const rule = "components:\n  - repositories: [docker.io/seaworthy/*]\n    require: {sbom: true, provenance: {builders: [\"" + statement.BuilderID + "\"]}}\n"
	key := sealtest.Signer(t)
	_, o := sigstoretest.Start(t)
	identity, err := attest.NewKeyless(o)
	if err != nil {
		t.Fatal(err)
	}
	for kind, c := range map[string]struct {
		signer      attest.Signer
		trust, file string
		content     []byte
	}{
		"key": {key, "authorities: [{name: release, key: release.pub, repositories: [docker.io/seaworthy/*]}]\n", "release.pub", []byte(sealtest.PublicPEM(t, key.PublicKey()))},
		"keyless": {identity, "authorities: [{name: release, keyless: {issuer: " + sigstoretest.Issuer + ", subject: " + sigstoretest.Person + ", trustedRoot: root.json}, repositories: [docker.io/seaworthy/*]}]\n",
			"root.json", o.TrustedRoot},
	} {
		dir := t.TempDir()
		signFrozen(t, dir, c.signer)
		f := &frozenComponent{Trust: c.trust + rule, Files: map[string]string{c.file: string(c.content)},
			Verified: map[string]int{statement.CosignSign: 2, statement.SPDX: 1, statement.CycloneDX: 1, statement.Provenance: 1}}
		err := fs.WalkDir(os.DirFS(dir), ".", func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			raw, err := os.ReadFile(filepath.Join(dir, path))
			if err == nil && utf8.Valid(raw) && len(raw) > 0 {
				f.Files["layout/"+path] = string(raw)
			}
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
		frozentest.Write(t, name+"-"+kind+".json", f)
	}
}

// signFrozen writes a layout with a signed image.
func signFrozen(t *testing.T, dir string, signer attest.Signer) {
	t.Helper()
	image := ocitest.Image{Config: ocitest.Config{Entrypoint: []string{"/tool"}}, Layers: []ocitest.Layer{{Entries: []ocitest.Entry{ocitest.Exec("tool", "#!/bin/tool")}}}}
	ocitest.WriteLayout(t, dir, ocitest.Named("docker.io/"+frozenImage, ocitest.Index{image}))
	s, err := store.Open(store.Options{Paths: []string{dir}, Arch: "amd64", Offline: true})
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	img, err := s.Find(t.Context(), frozenImage, system.Position{})
	if err != nil {
		t.Fatal(err)
	}
	o := pipeline.ComponentSigning{Layout: dir, Arch: "amd64", Time: time.Unix(0, 0), Version: "test", Signer: signer}
	r := &recipe.Result{Reference: frozenImage, Digest: img.Digest, Manifest: img.Manifest, Recipe: sealtest.Digest("component.yml"),
		Packages: []recipe.Package{{Name: "tool", Version: "1.0-1", Architecture: "amd64", SHA256: sealtest.Digest("tool.deb")[len("sha256:"):]}}}
	if err := pipeline.SignComponent(t.Context(), o, r); err != nil {
		t.Fatal(err)
	}
}
