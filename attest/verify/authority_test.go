package verify_test

import (
	"crypto"
	"errors"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// An image that meets all rules is accepted, and the result says what was found.
func TestRules(t *testing.T) {
	t.Parallel()
	f, second := newForger(t), newForger(t)
	from := sealtest.New("demo").Seal(t, f.KeySigner)
	if err := attest.Countersign(t.Context(), from, filepath.Join(t.TempDir(), "none"), nil, second.KeySigner); err == nil {
		t.Error("the target folder is missing")
	}
	next := t.TempDir()
	payload := readBundle(t, from, "provenance").DSSEEnvelope.Payload
	if err := attest.Countersign(t.Context(), from, next, payload, second.KeySigner); err != nil {
		t.Fatal(err)
	}
	if err := attest.Countersign(t.Context(), next, t.TempDir(), payload, second.KeySigner); !errors.Is(err, system.ErrInput) {
		t.Errorf("countersigned twice: %v", err)
	}
	p := verify.Policy{Now: now,
		Authorities: []verify.Authority{
			{Name: "release", Keys: []crypto.PublicKey{f.PublicKey()}, Systems: []string{"de*"}, From: now.AddDate(-1, 0, 0), Until: now.AddDate(1, 0, 0)},
			{Name: "second", Keys: []crypto.PublicKey{second.PublicKey()}, Systems: []string{"demo"}},
		},
		Rules: []verify.Rule{
			{Systems: []string{"demo"}, SignedBy: []string{"release", "second"}, Threshold: 2,
				Policy: &verify.PassedPolicy{Name: "baseline", Digests: []string{sealtest.Digest("x"), sealtest.Digest("hardened")}},
				MaxAge: 365 * 24 * time.Hour, Waivers: &verify.WaiverLimits{AtMost: 1, Severity: "medium", Never: []string{"CAP-001"}},
				Sources: []string{sealtest.Digest("os.yml")}, Passed: []string{"CAP-001"}},
			{Systems: []string{"*"}, Policy: &verify.PassedPolicy{Name: "hardened", Digests: []string{sealtest.Digest("x")}, NewerAfter: time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC)}},
			{Systems: []string{"other"}, SignedBy: []string{"second"}, MaxAge: time.Second},
		},
		Revoked: verify.Revoked{Digests: []string{sealtest.Digest("something else")}, Keys: []string{sealtest.Digest("k")}},
	}
	v, err := verify.New(p)
	if err != nil {
		t.Fatal(err)
	}
	r, err := v.Dir(next)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if len(r.Signers) != 2 || len(r.Requirements) != 11 {
		t.Errorf("signers %v, requirements %+v", r.Signers, r.Requirements)
	}
	for _, q := range r.Requirements {
		if q.What == "" || q.Found == "" || q.Missing != "" {
			t.Errorf("%+v", q)
		}
	}
	if r.Requirements[0].Found != "release, second" {
		t.Errorf("%+v", r.Requirements[0])
	}
	// A verifier that trusts one of the keys accepts the same folder.
	if err := try(t, f, next); err != nil {
		t.Error(err)
	}
	// One file does not show the findings.
	if _, err := v.File(filepath.Join(next, "demo-kernel"), ""); err == nil || !strings.Contains(err.Error(), "verify the whole folder") {
		t.Errorf("a single file: %v", err)
	}
	// Before the second signature, explain lists everything, and says what is missing.
	name, list, err := v.Explain(from)
	if name != "demo" || !errors.Is(err, verify.ErrRefused) || len(list) != len(r.Requirements) {
		t.Errorf("%s, %+v, %v", name, list, err)
	}
	if missing := slices.IndexFunc(list, func(q verify.Requirement) bool { return q.Missing != "" }); missing != 0 {
		t.Errorf("%+v", list)
	}
	// Before countersigning, the second signature may be missing, and nothing else.
	p.Countersigning = true
	if v, err = verify.New(p); err != nil {
		t.Fatal(err)
	}
	before, err := v.Dir(from)
	if err != nil {
		t.Fatal(err)
	}
	if string(before.Provenance) != string(payload) {
		t.Error("another provenance")
	}
	before.Close()
	put(t, filepath.Join(from, "demo-kernel"), []byte("x"))
	if _, err := v.Dir(from); !errors.Is(err, verify.ErrRefused) {
		t.Errorf("damaged, before countersigning: %v", err)
	}
}

// A verifier needs a policy that can accept something.
func TestNewRefusesRules(t *testing.T) {
	t.Parallel()
	key := []crypto.PublicKey{sealtest.Signer(t).PublicKey()}
	other := []crypto.PublicKey{sealtest.Signer(t).PublicKey()}
	for name, p := range map[string]verify.Policy{
		"no key":            {Authorities: []verify.Authority{{Name: "a"}}},
		"keys and policy":   {Keys: other, Authorities: []verify.Authority{{Name: "a", Keys: key}}},
		"one key twice":     {Authorities: []verify.Authority{{Name: "a", Keys: key}, {Name: "b", Keys: key}}},
		"unknown authority": {Authorities: []verify.Authority{{Name: "a", Keys: key}}, Rules: []verify.Rule{{SignedBy: []string{"b"}}}},
		"two of one":        {Authorities: []verify.Authority{{Name: "a", Keys: key}}, Rules: []verify.Rule{{Threshold: 2}}},
	} {
		p.Now = now
		if v, err := verify.New(p); v != nil || !errors.Is(err, system.ErrInput) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// The file name of a countersignature says nothing: only the signature counts.
func TestCountersignatureNames(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	dir := sealtest.New("demo").Seal(t, f.KeySigner)
	copyFile(t, filepath.Join(dir, statement.BundlePath("provenance")), filepath.Join(dir, statement.BundlePath(statement.CountersignaturePrefix+"0000000000000000")))
	relayout(t, dir)
	v, err := verify.New(verify.Policy{Now: now, Rules: []verify.Rule{{Threshold: 2}}, Authorities: []verify.Authority{
		{Name: "a", Keys: []crypto.PublicKey{f.PublicKey()}}, {Name: "b", Keys: []crypto.PublicKey{sealtest.Signer(t).PublicKey()}}}})
	if err != nil {
		t.Fatal(err)
	}
	r, err := v.Dir(dir)
	refused(t, r, err, verify.CheckSignature, "signed by a: 2 of a, b")
}
