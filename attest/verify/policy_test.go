package verify_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"path/filepath"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// An honest build may have any of these seals. The policy decides whether they
// are refused.
func TestPolicy(t *testing.T) {
	t.Parallel()
	s := sealtest.Signer(t)
	fail := decision.Finding{ID: "CAP-009", State: decision.StateFail, Severity: decision.Low, Resource: "component:services/nginx"}
	unknown := decision.Finding{ID: "CAP-009", State: decision.StateUnknown, Severity: decision.Low, Resource: "component:services/nginx"}
	require := func(name string) func(*verify.Policy) {
		return func(p *verify.Policy) { p.RequirePolicy = name }
	}
	together := func(pack string) func(*decision.Decision) {
		return func(d *decision.Decision) {
			d.Policy.Name, d.Policy.Digest = pack+"+dir:ours", sealtest.Digest("both")
			d.Policy.Parts = []decision.PolicyPart{
				{Name: pack, Source: decision.SourceBuiltin, Digest: sealtest.Digest(pack)},
				{Name: "dir:ours", Source: decision.SourceDir, Digest: sealtest.Digest("ours")},
			}
		}
	}
	for _, tt := range []struct {
		name   string
		image  func(*decision.Decision)
		policy func(*verify.Policy)
		what   string // "" if it is accepted
	}{
		{"as required", nil, require("hardened"), ""},
		{"stronger than required", nil, require("baseline"), ""},
		{"weaker than required", nil, require("strict"), "passed policy hardened, but strict is required"},
		{"another policy", nil, require("ours"), "passed policy hardened, but ours is required"},
		{"own policy by name", func(d *decision.Decision) { d.Policy.Name = "dir:my rules" }, require("dir:my rules"), ""},
		{"own policy is not a pack", func(d *decision.Decision) { d.Policy.Name = "dir:strict" }, require("baseline"), "passed policy dir:strict"},
		{"digest as required", nil, func(p *verify.Policy) {
			p.RequirePolicy, p.RequireDigest = "hardened", sealtest.Digest("hardened")
		}, ""},
		{"another digest", nil, func(p *verify.Policy) {
			p.RequirePolicy, p.RequireDigest = "hardened", sealtest.Digest("older")
		}, "with digest"},
		{"one of several", together("hardened"), require("baseline"), ""},
		{"one of several by its digest", together("hardened"), func(p *verify.Policy) {
			p.RequirePolicy, p.RequireDigest = "hardened", sealtest.Digest("hardened")
		}, ""},
		{"the own one of several", together("hardened"), require("dir:ours"), ""},
		{"all of several", together("hardened"), require("hardened+dir:ours"), ""},
		{"none of several", together("baseline"), require("hardened"), "passed policy baseline+dir:ours, but hardened is required"},
		{"one of several by another's digest", together("hardened"), func(p *verify.Policy) {
			p.RequirePolicy, p.RequireDigest = "hardened", sealtest.Digest("ours")
		}, "with digest"},
		{"last day of a waiver", nil, func(p *verify.Policy) {
			p.Now = time.Date(2030, 6, 30, 23, 59, 59, 0, time.UTC)
		}, ""},
		{"waiver expired", nil, func(p *verify.Policy) {
			p.Now = time.Date(2030, 7, 1, 0, 0, 0, 0, time.UTC)
		}, "that expired on 2030-06-30"},
		{"no waiver, so none expires", func(d *decision.Decision) {
			d.Findings, d.Waivers, d.WaiversDigest = d.Findings[:1], nil, ""
		}, func(p *verify.Policy) { p.Now = now.AddDate(100, 0, 0) }, ""},
		{"denied", func(d *decision.Decision) {
			d.Verdict, d.Findings = decision.Deny, append(d.Findings, fail)
		}, nil, "did not pass policy hardened"},
		{"fail-on none is not a pass", func(d *decision.Decision) {
			d.FailOn, d.Findings = "none", append(d.Findings, fail)
		}, nil, "did not pass policy hardened"},
		{"fail-on none with unknown is not a pass", func(d *decision.Decision) {
			d.FailOn, d.Findings = "none", append(d.Findings, unknown)
		}, nil, "did not pass policy hardened"},
		{"fail-on none where nothing failed", func(d *decision.Decision) { d.FailOn = "none" }, require("hardened"), ""},
		{"low finding below fail-on", func(d *decision.Decision) {
			d.FailOn, d.Findings = "high", append(d.Findings, fail)
		}, nil, ""},
		{"low finding below fail-on, policy required", func(d *decision.Decision) {
			d.FailOn, d.Findings = "high", append(d.Findings, fail)
		}, require("hardened"), "--fail-on high"},
		{"low finding below fail-on, and as much allowed", func(d *decision.Decision) {
			d.FailOn, d.Findings = "high", append(d.Findings, fail)
		}, func(p *verify.Policy) { p.RequirePolicy, p.FailOn = "hardened", "high" }, ""},
		{"unknown below fail-on", func(d *decision.Decision) {
			d.FailOn, d.Findings = "high", append(d.Findings, unknown)
		}, nil, "did not pass policy hardened"},
		{"waived without a waiver", func(d *decision.Decision) { d.Findings[1].Waiver = nil }, nil, "did not pass policy hardened"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			img := sealtest.New("demo")
			if tt.image != nil {
				tt.image(img.Decision)
			}
			dir := img.Seal(t, s)
			var change []func(*verify.Policy)
			if tt.policy != nil {
				change = append(change, tt.policy)
			}
			r, err := verifier(t, s, change...).Dir(dir)
			if tt.what == "" {
				if err != nil {
					t.Fatal(err)
				}
				r.Close()
				return
			}
			refused(t, r, err, verify.CheckPolicy, tt.what)
		})
	}
}

// The decision shows that a signed summary of a failed decision is false.
func TestForgedSummary(t *testing.T) {
	t.Parallel()
	f := newForger(t)
	img := sealtest.New("demo")
	img.Decision.Verdict = decision.Deny
	dir := img.Seal(t, f.KeySigner)
	f.edit(t, dir, "vsa", func(_, p object) { p["verificationResult"] = statement.Passed })
	r, err := verifier(t, f.KeySigner).Dir(dir)
	refused(t, r, err, verify.CheckContent, "verdict")
	f.edit(t, dir, "vsa", func(_, p object) { p["verifiedLevels"] = []string{"SEAWORTHY_HARDENED"} })
	r, err = verifier(t, f.KeySigner).Dir(dir)
	refused(t, r, err, verify.CheckContent, `verdict is "FAILED"`)
}

func TestMissingFolderOrKey(t *testing.T) {
	t.Parallel()
	s := sealtest.Signer(t)
	if r, err := verifier(t, s).Dir(filepath.Join(t.TempDir(), "nothing")); err == nil {
		r.Close()
		t.Fatal("a folder that does not exist is accepted")
	} else if !errors.Is(err, system.ErrUnusable) || errors.Is(err, verify.ErrRefused) {
		t.Errorf("missing folder: %v", err)
	}
	r, err := verifier(t, s).Dir(sealtest.New("demo").Seal(t, nil))
	refused(t, r, err, verify.CheckSignature, "not signed")
	r, err = verifier(t, sealtest.Signer(t)).Dir(sealtest.New("demo").Seal(t, s))
	refused(t, r, err, verify.CheckSignature, "not signed by a trusted key")
}

func TestNewRefusesEmptyPolicies(t *testing.T) {
	t.Parallel()
	key := sealtest.Signer(t).PublicKey()
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	for name, p := range map[string]verify.Policy{
		"nothing":          {},
		"no key":           {Now: now},
		"no time":          {Keys: []crypto.PublicKey{key}},
		"nil key":          {Keys: []crypto.PublicKey{nil}, Now: now},
		"unknown curve":    {Keys: []crypto.PublicKey{key, p384.Public()}, Now: now},
		"bad digest":       {Keys: []crypto.PublicKey{key}, Now: now, RequirePolicy: "strict", RequireDigest: "abc"},
		"fail-on none":     {Keys: []crypto.PublicKey{key}, Now: now, FailOn: "none"},
		"fail-on nonsense": {Keys: []crypto.PublicKey{key}, Now: now, FailOn: "severe"},
	} {
		if v, err := verify.New(p); err == nil || v != nil || !errors.Is(err, system.ErrInput) {
			t.Errorf("%s: verifier %v, error %v", name, v, err)
		}
	}
}
