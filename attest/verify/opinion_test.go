package verify_test

import (
	"crypto"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
)

// A second opinion counts only if another trusted signer says PASSED about exactly
// these files.
func TestOpinion(t *testing.T) {
	t.Parallel()
	builder, rebuilder := sealtest.Signer(t), sealtest.Signer(t)
	dir := sealtest.New("demo").Seal(t, builder)
	r, err := verifier(t, builder).Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	p, err := verifier(t, builder).Provenance(filepath.Join(dir, "attestations/provenance.sigstore.json"))
	if err != nil {
		t.Fatal(err)
	}
	if p.Name != "demo" || p.Artifact != r.Artifact || len(p.Files) != 3 || p.Signer != builder.ID() || len(p.Byproducts) == 0 {
		t.Errorf("%+v", p)
	}
	sign := func(signer *attest.KeySigner, change func(*[]statement.Descriptor, *statement.OpinionPredicate)) string {
		t.Helper()
		o, err := statement.Opinion("v1", p.Name, p.Artifact, p.Digest, "2026-10-01T00:00:00Z", nil, []string{"report.html"})
		if err != nil {
			t.Fatal(err)
		}
		subject := slices.Clone(p.Subject)
		if change != nil {
			change(&subject, o)
		}
		raw, err := attest.SignOpinion(t.Context(), subject, o, signer)
		if err != nil {
			t.Fatal(err)
		}
		file := filepath.Join(t.TempDir(), "opinion.json")
		if err := os.WriteFile(file, raw, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	v := verifier(t, rebuilder)
	if by, err := v.Opinion(sign(rebuilder, nil), r); err != nil || by != rebuilder.ID() {
		t.Fatal(by, err)
	}
	other := map[string]string{"sha256": sealtest.Digest("x")[7:]}
	for name, change := range map[string]func(*[]statement.Descriptor, *statement.OpinionPredicate){
		"failed": func(_ *[]statement.Descriptor, o *statement.OpinionPredicate) {
			o.VerificationResult, o.VerifiedLevels, o.Different = statement.Failed, []string{statement.Failed}, []string{"demo-kernel"}
		},
		"passed, but different": func(_ *[]statement.Descriptor, o *statement.OpinionPredicate) { o.Different = []string{"demo-kernel"} },
		"failed level": func(_ *[]statement.Descriptor, o *statement.OpinionPredicate) {
			o.VerifiedLevels = []string{statement.Failed}
		},
		"another policy": func(_ *[]statement.Descriptor, o *statement.OpinionPredicate) {
			o.Policy.URI = "seaworthy:policy/strict"
		},
		"another builder":  func(_ *[]statement.Descriptor, o *statement.OpinionPredicate) { o.Verifier.ID = "https://example.org" },
		"another resource": func(_ *[]statement.Descriptor, o *statement.OpinionPredicate) { o.ResourceURI = "pkg:oci/x" },
		"in the future": func(_ *[]statement.Descriptor, o *statement.OpinionPredicate) {
			o.TimeVerified = "2027-01-01T00:00:00Z"
		},
		"no provenance": func(_ *[]statement.Descriptor, o *statement.OpinionPredicate) {
			o.InputAttestations = []statement.Input{}
		},
		"fewer files":  func(s *[]statement.Descriptor, _ *statement.OpinionPredicate) { *s = (*s)[1:] },
		"another file": func(s *[]statement.Descriptor, _ *statement.OpinionPredicate) { (*s)[0].Digest = other },
		"one more file": func(s *[]statement.Descriptor, _ *statement.OpinionPredicate) {
			*s = append(*s, statement.Descriptor{Name: "more", Digest: other})
		},
	} {
		_, err := v.Opinion(sign(rebuilder, change), r)
		if !errors.Is(err, verify.ErrRefused) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := v.Opinion(sign(sealtest.Signer(t), nil), r); !errors.Is(err, verify.ErrRefused) {
		t.Errorf("a stranger: %v", err)
	}
	if _, err := verifier(t, builder).Opinion(sign(builder, nil), r); !errors.Is(err, verify.ErrRefused) {
		t.Errorf("the builder itself: %v", err)
	}
	// Rules compare the authorities too: a second key of one signer is not another
	// signer.
	rule := func(list ...verify.Authority) *verify.Verifier {
		return verifier(t, builder, func(p *verify.Policy) {
			p.Keys, p.Authorities, p.SecondOpinion = nil, list, sign(rebuilder, nil)
			p.Rules = []verify.Rule{{SignedBy: []string{"release"}, SecondOpinion: []string{list[len(list)-1].Name}}}
		})
	}
	one, two := []crypto.PublicKey{builder.PublicKey()}, []crypto.PublicKey{rebuilder.PublicKey()}
	again, err := rule(verify.Authority{Name: "release", Keys: one}, verify.Authority{Name: "rebuilder", Keys: two}).Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
	if again.SecondOpinion != rebuilder.ID() {
		t.Errorf("second opinion of %s", again.SecondOpinion)
	}
	again, err = rule(verify.Authority{Name: "release", Keys: slices.Concat(one, two)}).Dir(dir)
	refused(t, again, err, verify.CheckRebuilt, "is by release, who also signed the image")
	// A second opinion is not ignored if only one file is verified.
	again, err = verifier(t, builder, func(p *verify.Policy) { p.SecondOpinion = sign(rebuilder, nil) }).File(filepath.Join(dir, "demo-kernel"), "")
	refused(t, again, err, verify.CheckRebuilt, "verify the whole folder")
	// The summary of the image is of the same type, but is not a second opinion.
	if _, err := verifier(t, builder).Opinion(filepath.Join(dir, "attestations/vsa.sigstore.json"), r); !errors.Is(err, verify.ErrRefused) {
		t.Errorf("the summary: %v", err)
	}
	// A statement of another type is not a provenance.
	_, err = verifier(t, builder).Provenance(filepath.Join(dir, "attestations/vsa.sigstore.json"))
	refused(t, nil, err, verify.CheckType, "predicate type")
}
