package verify_test

import (
	"errors"
	"os"
	"path/filepath"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/verify"
)

// A folder without the files of the image is verified, and nothing false in it is
// accepted.
func TestPart(t *testing.T) {
	t.Parallel()
	s := sealtest.Signer(t)
	whole := sealtest.New("demo").Seal(t, s)
	r, err := verifier(t, s).Dir(whole)
	if err != nil {
		t.Fatal(err)
	}
	r.Close()
	part := func() string {
		dir := filepath.Join(t.TempDir(), "part")
		if err := os.CopyFS(dir, os.DirFS(whole)); err != nil {
			t.Fatal(err)
		}
		for _, path := range []string{"oci", "demo-kernel", "demo-initrd.img", "demo-cmdline", "sbom/components"} {
			if err := os.RemoveAll(filepath.Join(dir, path)); err != nil {
				t.Fatal(err)
			}
		}
		return dir
	}
	got, _, err := verifier(t, s).Part(part(), r.Artifact)
	if err != nil {
		t.Fatal(err)
	}
	if got.Scope != verify.ScopeStatements || got.Name != "demo" || len(got.Files) != 0 || got.Summary.Policy != "hardened" {
		t.Errorf("%+v", got)
	}
	write := func(path, content string) func(dir string) error {
		return func(dir string) error {
			full := filepath.Join(dir, path)
			_ = os.Remove(full)
			return errors.Join(os.MkdirAll(filepath.Dir(full), 0o755), os.WriteFile(full, []byte(content), 0o644))
		}
	}
	for name, c := range map[string]struct {
		change func(dir string) error
		check  verify.Check
		says   string
	}{
		"document":       {write("decision.json", "{}"), verify.CheckByproduct, "decision.json"},
		"file":           {write("demo-kernel", "other"), verify.CheckSubject, "demo-kernel"},
		"unsigned file":  {write("notes.txt", "hello"), verify.CheckFolder, "notes.txt"},
		"layout":         {write("oci/index.json", "{}"), verify.CheckFolder, "oci/index.json"},
		"no statements":  {func(d string) error { return os.RemoveAll(filepath.Join(d, "attestations")) }, verify.CheckSignature, "not signed"},
		"lost statement": {func(d string) error { return os.Remove(filepath.Join(d, "attestations/vsa.sigstore.json")) }, verify.CheckType, "vsa"},
	} {
		dir := part()
		if err := c.change(dir); err != nil {
			t.Fatal(err)
		}
		got, _, err := verifier(t, s).Part(dir, r.Artifact)
		t.Run(name, func(t *testing.T) { refused(t, got, err, c.check, c.says) })
	}
	got, _, err = verifier(t, s).Part(part(), sealtest.Digest("another image"))
	refused(t, got, err, verify.CheckSubject, "but the image is")
	got, _, err = verifier(t, sealtest.Signer(t)).Part(part(), r.Artifact)
	refused(t, got, err, verify.CheckSignature, "trusted key")
	got, _, err = verifier(t, s, func(p *verify.Policy) { p.Name = "other" }).Part(part(), r.Artifact)
	refused(t, got, err, verify.CheckSystem, "other")
}
