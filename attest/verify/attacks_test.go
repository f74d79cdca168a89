package verify_test

import (
	"bytes"
	"crypto"
	"errors"
	"flag"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

var update = flag.Bool("update", false, "write docs/attacks.md")

// attack damages a sealed image. The verifier must refuse it by this check, and say
// what.
type attack struct {
	name   string
	damage func(t *testing.T, dir string)
	check  verify.Check
	what   string
}

// staged is an attack on an image, or with a verifier, that is not the usual one.
type staged struct {
	attack
	image  func(*sealtest.Image)
	policy func(*verify.Policy)
}

// reason is an attack on something other than a sealed image. refused makes it, and
// returns the reason.
type reason struct {
	name, what string
	refused    func(t *testing.T) string
}

// group is a part of the page.
type group struct {
	title   string
	attacks []staged
	reasons []reason
}

// names of all attacks.
func (g *group) names() []string {
	var out []string
	for _, a := range g.attacks {
		out = append(out, a.name)
	}
	for _, r := range g.reasons {
		out = append(out, r.name)
	}
	return out
}

func plain(list []attack) []staged {
	var out []staged
	for _, a := range list {
		out = append(out, staged{attack: a})
	}
	return out
}

func attacks(t *testing.T, f, unknown *forger) []group {
	c := newComponents(t)
	return []group{
		{title: "With the storage, a key, or another image", attacks: plain(hostile(t, f, unknown))},
		{title: "What no signature covers", attacks: plain(unsignedParts(t))},
		{title: "Form of the bundles", attacks: plain(bundleForms(t, f))},
		{title: "Large, short and missing files", attacks: plain(sizes(t))},
		{title: "Replay", attacks: replays()},
		{title: "Findings, waivers and time", attacks: decisions()},
		{title: "Trust policy", attacks: distrusted(t, f, unknown)},
		{title: "Certificates of your own certificate authority", attacks: certificates(t)},
		{title: "Keyless signatures", attacks: append(keylessAttacks(t), services(t)...)},
		{title: "Signatures of component images", reasons: c.attacks()},
		{title: "Trust policies that would accept too much", reasons: c.careless()},
	}
}

// Each attack is refused with exit code 4 and the reason. docs/attacks.md lists
// them.
func TestAttacks(t *testing.T) {
	t.Parallel()
	f, unknown := newForger(t), newForger(t)
	groups := attacks(t, f, unknown)
	var mu sync.Mutex
	lines := map[string]string{}
	add := func(t *testing.T, name, line string) {
		mu.Lock()
		defer mu.Unlock()
		if lines[name] != "" {
			t.Errorf("two attacks have this name")
		}
		lines[name] = line
	}
	t.Run("all", func(t *testing.T) {
		for _, g := range groups {
			for _, r := range g.reasons {
				t.Run(r.name, func(t *testing.T) {
					t.Parallel()
					line := r.refused(t)
					if !strings.Contains(line, r.what) || strings.Contains(line, "\n") {
						t.Errorf("refused because %q, want one line with %q", line, r.what)
					}
					add(t, r.name, line)
				})
			}
			for _, a := range g.attacks {
				t.Run(a.name, func(t *testing.T) {
					t.Parallel()
					add(t, a.name, a.run(t, f.KeySigner))
				})
			}
		}
	})
	if t.Failed() {
		return
	}
	checkPage(t, groups, lines)
}

// run makes the attack, and returns the line with the reason.
func (a *staged) run(t *testing.T, s attest.Signer) string {
	img := sealtest.New("demo")
	if a.image != nil {
		a.image(img)
	}
	dir := img.Seal(t, s)
	p := verify.Policy{Keys: []crypto.PublicKey{s.(*attest.KeySigner).PublicKey()}, Now: now}
	if a.policy != nil {
		a.policy(&p)
	}
	v, err := verify.New(p)
	if err != nil {
		t.Fatal(err)
	}
	if a.damage != nil {
		// Without the damage, the image is accepted: the attack is the reason.
		if a.image == nil && a.policy == nil {
			r, err := v.Dir(dir)
			if err != nil {
				t.Fatalf("refused before the attack: %v", err)
			}
			r.Close()
		}
		a.damage(t, dir)
	}
	r, err := v.Dir(dir)
	refused(t, r, err, a.check, a.what)
	for _, p := range verify.NewReport(dir, nil, err).Problems {
		if strings.Contains(p.Message, a.what) {
			if strings.Contains(p.Message, "\n") || strings.Contains(p.Message, dir) {
				t.Errorf("the reason is not one line without local paths: %q", p.Message)
			}
			return p.Message
		}
	}
	return ""
}

// bundleForms are bundles and statements that two readers could understand
// differently, or that have something which is not signed.
func bundleForms(t *testing.T, f *forger) []attack {
	t.Helper()
	// text changes the text of a bundle.
	text := func(stem, old, next string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			path := filepath.Join(dir, statement.BundlePath(stem))
			raw, err := os.ReadFile(path)
			if err != nil {
				t.Fatal(err)
			}
			changed := strings.Replace(string(raw), old, next, 1)
			if changed == string(raw) {
				t.Fatalf("no %q in the bundle", old)
			}
			put(t, path, []byte(changed))
			relayout(t, dir)
		}
	}
	// payload changes the signed statement, and signs it again.
	payload := func(stem, old, next string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			p := string(readBundle(t, dir, stem).DSSEEnvelope.Payload)
			changed := strings.Replace(p, old, next, 1)
			if changed == p {
				t.Fatalf("no %q in the statement", old)
			}
			f.raw(t, dir, stem, []byte(changed))
			relayout(t, dir)
		}
	}
	sig := verify.CheckSignature
	return []attack{
		{"unsigned log entry in a bundle", text("vsa", `"publicKey":`, `"tlogEntries":[{"logIndex":"1"}],"publicKey":`), sig, "not signed"},
		{"unsigned timestamp in a bundle", text("vsa", `"publicKey":`, `"timestampVerificationData":{"rfc3161Timestamps":[{"signedTimestamp":"AAAA"}]},"publicKey":`), sig, "not signed"},
		{"unsigned name of a key", text("vsa", `"sig":`, `"keyid":"x","sig":`), sig, "not signed"},
		{"hint that names another key", text("vsa", `"hint":"`, `"hint":"AA`), sig, "its hint names key"},
		{"line break in base64", text("vsa", `"payload":"`, `"payload":"\n`), sig, "not signed"},
		{"base64 with a space", text("vsa", `"payload":"`, `"payload":" `), sig, "malformed bundle"},
		{"base64 that lacks a character", text("vsa", `"sig":"M`, `"sig":"`), sig, "malformed bundle"},
		{"member in other letter case", text("vsa", `"dsseEnvelope"`, `"DsseEnvelope"`), sig, "not signed"},
		{"two payloads", text("vsa", `"payload":"`, `"payload":"e30=","payload":"`), sig, "duplicate member"},
		{"two payloads, by letter case", text("vsa", `"payload":"`, `"Payload":"e30=","payload":"`), sig, "duplicate member"},
		{"second bundle after the first", text("vsa", `}]}}`, `}]}}{}`), sig, "malformed bundle"},
		{"unknown version of bundles", text("vsa", `bundle.v0.3`, `bundle.v0.9`), sig, "media type"},
		{"older version of bundles", text("vsa", `bundle.v0.3+json`, `bundle+json;version=0.1`), sig, "media type"},
		{"signature of a message, not of a statement", text("vsa", `"dsseEnvelope"`, `"messageSignature":{},"dsseEnvelope"`), sig, "contains no statement"},
		{"certificate where only keys are trusted", text("vsa", `"publicKey":`, `"certificate":{"rawBytes":"AAAA"},"publicKey":`), sig, "only keys are trusted"},
		{"deep nesting", text("vsa", `"publicKey":`, `"x":`+strings.Repeat("[", 200)+strings.Repeat("]", 200)+`,"publicKey":`), sig, "malformed bundle"},
		{"empty payload, signed", func(t *testing.T, dir string) { f.raw(t, dir, "vsa", nil) }, sig, "payload is empty"},
		{"statement of an unknown version, signed", payload("vsa", "Statement/v1", "Statement/v2"), sig, "statement type"},
		{"predicate of an unknown version, signed", payload("vsa", "verification_summary/v1", "verification_summary/v2"), verify.CheckType, "must have type"},
		{"statement with a further member, signed", payload("vsa", `"predicateType"`, `"comment":"x","predicateType"`), sig, "does not have this member"},
		{"predicate with a further member, signed", payload("vsa", `"verificationResult"`, `"dependencyLevels":{},"verificationResult"`), verify.CheckContent, "does not have this member"},
		{"subjects emptied, signed", func(t *testing.T, dir string) {
			f.edit(t, dir, "vsa", func(st, _ object) { st["subject"] = []any{} })
		}, sig, "no subject"},
		{"subject renamed, signed", func(t *testing.T, dir string) {
			f.edit(t, dir, "vsa", func(st, _ object) { st["subject"].([]any)[0].(object)["name"] = "other-cmdline" })
		}, verify.CheckSubject, "mixes two images"},
		{"subject twice, signed", func(t *testing.T, dir string) {
			f.edit(t, dir, "vsa", func(st, _ object) { st["subject"] = append(st["subject"].([]any), st["subject"].([]any)[0]) })
		}, sig, "a duplicate"},
		{"subject with a weak digest only, signed", func(t *testing.T, dir string) {
			f.edit(t, dir, "vsa", func(st, _ object) {
				st["subject"].([]any)[0].(object)["digest"] = object{"sha1": strings.Repeat("a", 40)}
			})
		}, sig, "exactly one digest, of type sha256"},
		{"subject with a second, weak digest, signed", func(t *testing.T, dir string) {
			f.edit(t, dir, "vsa", func(st, _ object) {
				st["subject"].([]any)[0].(object)["digest"].(object)["md5"] = strings.Repeat("a", 32)
			})
		}, sig, "exactly one digest, of type sha256"},
	}
}

// sizes are attacks with the size of files.
func sizes(t *testing.T) []attack {
	t.Helper()
	truncate := func(path string, size func(int64) int64) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			full := filepath.Join(dir, path)
			raw, err := os.ReadFile(full)
			if err != nil {
				t.Fatal(err)
			}
			put(t, full, raw) // no hard link of another file
			if err := os.Truncate(full, size(int64(len(raw)))); err != nil {
				t.Fatal(err)
			}
		}
	}
	half := func(n int64) int64 { return n / 2 }
	none := func(int64) int64 { return 0 }
	remove := func(path string) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.Remove(filepath.Join(dir, path)); err != nil {
				t.Fatal(err)
			}
		}
	}
	return []attack{
		{"attestation of 1 GB", truncate(statement.BundlePath("vsa"), func(int64) int64 { return 1 << 30 }), verify.CheckFolder, "may have at most"},
		{"truncated attestation", truncate(statement.BundlePath("vsa"), half), verify.CheckSignature, "malformed bundle"},
		{"empty attestation", truncate(statement.BundlePath("vsa"), none), verify.CheckSignature, "malformed bundle"},
		{"truncated kernel", truncate("demo-kernel", half), verify.CheckSubject, "demo-kernel: is not the file that was signed"},
		{"empty initrd", truncate("demo-initrd.img", none), verify.CheckSubject, "demo-initrd.img: is not the file that was signed"},
		{"zeros after the initrd", truncate("demo-initrd.img", func(n int64) int64 { return n + 512 }), verify.CheckSubject, "demo-initrd.img: is not the file that was signed"},
		{"truncated SBOM", truncate("sbom/demo.spdx.json", half), verify.CheckByproduct, "sbom/demo.spdx.json: is not the file that was signed"},
		{"truncated index of the layout", truncate("oci/index.json", half), verify.CheckLayout, "oci/index.json"},
		{"missing kernel", remove("demo-kernel"), verify.CheckSubject, "demo-kernel: the file is missing"},
		{"missing decision", remove("decision.json"), verify.CheckByproduct, "decision.json: the file is missing"},
		{"missing SBOM", remove("sbom/demo.cdx.json"), verify.CheckByproduct, "sbom/demo.cdx.json: the file is missing"},
		{"missing summary", remove(statement.BundlePath("vsa")), verify.CheckType, "the statement is missing"},
		{"missing oci-layout", remove("oci/oci-layout"), verify.CheckLayout, "oci/oci-layout: the file is missing"},
	}
}

// replays deliver an image that is signed, but is not the expected one.
func replays() []staged {
	return []staged{
		{attack{"image of another system", nil, verify.CheckSystem, `"router" is required`}, nil, func(p *verify.Policy) { p.Name = "router" }},
		{attack{"another image of the same system", nil, verify.CheckSystem, "is required"}, nil, func(p *verify.Policy) { p.Image = sealtest.Digest("x") }},
		{attack{"older image", nil, verify.CheckPolicy, "or later is required"}, nil, func(p *verify.Policy) { p.NotOlderThan = now.AddDate(0, -1, 0) }},
		{attack{"image without a time", nil, verify.CheckPolicy, "has no time"},
			func(i *sealtest.Image) { i.Now, i.Decision.Date = "", "" }, func(p *verify.Policy) { p.NotOlderThan = now.AddDate(0, -1, 0) }},
		{attack{"image from the future", nil, verify.CheckPolicy, "later than the current time"}, nil, func(p *verify.Policy) { p.Now = time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC) }},
		{attack{"files renamed to another system", func(t *testing.T, dir string) {
			for _, ending := range []string{"-kernel", "-initrd.img", "-cmdline"} {
				if err := os.Rename(filepath.Join(dir, "demo"+ending), filepath.Join(dir, "router"+ending)); err != nil {
					t.Fatal(err)
				}
			}
		}, verify.CheckSubject, "demo-kernel: the file is missing"}, nil, nil},
	}
}

// decisions are images whose decision does not meet what is required.
func decisions() []staged {
	fail := decision.Finding{ID: "CAP-009", State: decision.StateFail, Severity: decision.Low, Resource: "component:services/nginx"}
	unknown := decision.Finding{ID: "CAP-009", State: decision.StateUnknown, Severity: decision.Low, Resource: "component:services/nginx"}
	image := func(change func(*decision.Decision)) func(*sealtest.Image) {
		return func(i *sealtest.Image) { change(i.Decision) }
	}
	rule := func(r verify.Rule) func(*verify.Policy) { return func(p *verify.Policy) { p.Rules = []verify.Rule{r} } }
	bad := func(name, what string, img func(*sealtest.Image), policy func(*verify.Policy)) staged {
		return staged{attack{name, nil, verify.CheckPolicy, what}, img, policy}
	}
	return []staged{
		bad("FAILED decision", "did not pass policy hardened", image(func(d *decision.Decision) { d.Verdict, d.Findings = decision.Deny, append(d.Findings, fail) }), nil),
		bad("unknown finding", "did not pass policy hardened", image(func(d *decision.Decision) { d.FailOn, d.Findings = "high", append(d.Findings, unknown) }), nil),
		bad("decision that denies nothing", "did not pass policy hardened", image(func(d *decision.Decision) { d.FailOn, d.Findings = "none", append(d.Findings, fail) }), nil),
		bad("waived finding without a waiver", "did not pass policy hardened", image(func(d *decision.Decision) { d.Findings[1].Waiver = nil }), nil),
		bad("expired waiver", "expired on 2030-06-30", nil, func(p *verify.Policy) { p.Now = now.AddDate(10, 0, 0) }),
		bad("weaker policy", "strict is required", nil, func(p *verify.Policy) { p.RequirePolicy = "strict" }),
		bad("policy of the same name with other rules", "with digest", nil, func(p *verify.Policy) { p.RequirePolicy, p.RequireDigest = "hardened", sealtest.Digest("other rules") }),
		bad("higher --fail-on than required", "--fail-on high", image(func(d *decision.Decision) { d.FailOn, d.Findings = "high", append(d.Findings, fail) }), func(p *verify.Policy) { p.RequirePolicy = "hardened" }),
		bad("old policy, by digest", "which the trust policy does not list", nil, rule(verify.Rule{Policy: &verify.PassedPolicy{Name: "hardened", Digests: []string{sealtest.Digest("x")}}})),
		bad("other policy, decided before it was published", "which the trust policy does not list", nil,
			rule(verify.Rule{Policy: &verify.PassedPolicy{Name: "hardened", Digests: []string{sealtest.Digest("x")}, NewerAfter: now}})),
		bad("decision that is too old", "or later is required", nil, rule(verify.Rule{MaxAge: 24 * time.Hour})),
		bad("more waivers than allowed", "at most 0 may be waived", nil, rule(verify.Rule{Waivers: &verify.WaiverLimits{AtMost: 0}})),
		bad("waiver of a severe finding", "only findings up to low may be waived", nil, rule(verify.Rule{Waivers: &verify.WaiverLimits{AtMost: 9, Severity: "low"}})),
		bad("waiver of a rule that must not be waived", "KRN-007 must not be waived", nil, rule(verify.Rule{Waivers: &verify.WaiverLimits{AtMost: 9, Never: []string{"KRN-007"}}})),
		bad("image that was not scanned for exploited vulnerabilities", "rule SUP-015 must have passed", nil, rule(verify.Rule{Passed: []string{"SUP-015"}})),
		bad("required rule is waived", "is waived, but rule KRN-007 must have passed", nil, rule(verify.Rule{Passed: []string{"KRN-007"}})),
		bad("required rule is not applicable", "not applicable", nil, rule(verify.Rule{Passed: []string{"SYS-002"}})),
		bad("built by an unknown version", "cannot be compared", nil, rule(verify.Rule{Builder: "v1.0.0"})),
		bad("built from another os.yml", "which the trust policy does not list", nil, rule(verify.Rule{Sources: []string{sealtest.Digest("mine")}})),
	}
}

// distrusted are signatures that a trust policy does not accept.
func distrusted(t *testing.T, f, other *forger) []staged {
	t.Helper()
	key := func(f *forger) []crypto.PublicKey { return []crypto.PublicKey{f.PublicKey()} }
	id := f.ID()
	policy := func(r verify.Rule, change func(*verify.Policy), list ...verify.Authority) func(*verify.Policy) {
		return func(p *verify.Policy) {
			p.Keys, p.Authorities, p.Rules = nil, list, []verify.Rule{r}
			if change != nil {
				change(p)
			}
		}
	}
	release := verify.Authority{Name: "release", Keys: key(f)}
	second := verify.Authority{Name: "second", Keys: key(other)}
	two := verify.Rule{Threshold: 2}
	sig := verify.CheckSignature
	countersign := func(s *attest.KeySigner, change func(raw []byte) []byte) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			raw, err := s.Bundle(t.Context(), readBundle(t, dir, "provenance").DSSEEnvelope.Payload)
			if err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(dir, statement.BundlePath(attest.CountersignatureStem(s.ID()))), change(raw))
			relayout(t, dir)
		}
	}
	same := func(raw []byte) []byte { return raw }
	with := func(a verify.Authority, change func(*verify.Authority)) verify.Authority { change(&a); return a }
	return []staged{
		{attack{"one signature of two", nil, sig, "signed by release: 2 of release, second must sign"}, nil, policy(two, nil, release, second)},
		{attack{"second signature by the same signer", countersign(f.KeySigner, same), sig, "signed by release: 2 of release, second must sign"}, nil, policy(two, nil, release, second)},
		{attack{"second signature by a stranger", countersign(newForger(t).KeySigner, same), sig, "signed by release: 2 of release, second must sign"}, nil, policy(two, nil, release, second)},
		{attack{"second signature changed", countersign(other.KeySigner, func(raw []byte) []byte {
			return bytes.Replace(raw, []byte(`"sig":"M`), []byte(`"sig":"N`), 1)
		}), sig, "signed by release: 2 of release, second must sign"}, nil, policy(two, nil, release, second)},
		{attack{"second signature of another image", func(t *testing.T, dir string) {
			img := sealtest.New("demo")
			img.Files["demo-kernel"] = "another kernel"
			from := img.Seal(t, other.KeySigner)
			copyFile(t, filepath.Join(from, statement.BundlePath("provenance")), filepath.Join(dir, statement.BundlePath(attest.CountersignatureStem(other.ID()))))
			relayout(t, dir)
		}, verify.CheckSubject, "does not countersign the provenance of this image"}, nil, policy(two, nil, release, second)},
		{attack{"second signature is no bundle", func(t *testing.T, dir string) {
			put(t, filepath.Join(dir, statement.BundlePath(statement.CountersignaturePrefix+"x")), []byte("{}"))
		}, sig, "media type"}, nil, policy(two, nil, release, second)},
		{attack{"signed by a signer of other systems", nil, sig, `which may not sign system "demo"`}, nil,
			policy(verify.Rule{}, nil, with(release, func(a *verify.Authority) { a.Systems = []string{"router"} }), second)},
		{attack{"signed by a signer that this rule does not name", nil, sig, `which may not sign system "demo"`}, nil, policy(verify.Rule{SignedBy: []string{"second"}}, nil, release, second)},
		{attack{"signed by an unknown signer", nil, sig, "not signed by a trusted key"}, nil, policy(verify.Rule{}, nil, second)},
		{attack{"revoked key", nil, sig, "of release is revoked"}, nil, policy(verify.Rule{}, func(p *verify.Policy) { p.Revoked.Keys = []string{id} }, release)},
		{attack{"revoked key that is no longer listed", nil, sig, "which is revoked"}, nil, policy(verify.Rule{}, func(p *verify.Policy) { p.Revoked.Keys = []string{id} }, second)},
		{attack{"key that is not valid yet", nil, sig, "are valid from"}, nil, policy(verify.Rule{}, nil, with(release, func(a *verify.Authority) { a.From = now.AddDate(0, 1, 0) }))},
		{attack{"key that is no longer valid", nil, sig, "were valid until"}, nil, policy(verify.Rule{}, nil, with(release, func(a *verify.Authority) { a.Until = now.AddDate(0, -1, 0) }))},
		{attack{"revoked kernel", nil, verify.CheckPolicy, "revokes its file demo-kernel"}, nil, policy(verify.Rule{}, func(p *verify.Policy) { p.Revoked.Digests = []string{sealtest.Digest("kernel of demo")} }, release)},
		{attack{"revoked component", nil, verify.CheckPolicy, "revokes its component:services/nginx"}, nil,
			policy(verify.Rule{}, func(p *verify.Policy) { p.Revoked.Digests = []string{sealtest.Digest("index of nginx")} }, release)},
		{attack{"revoked policy", nil, verify.CheckPolicy, "revokes its policy hardened"}, nil, policy(verify.Rule{}, func(p *verify.Policy) { p.Revoked.Digests = []string{sealtest.Digest("hardened")} }, release)},
		{attack{"revoked os.yml", nil, verify.CheckPolicy, "revokes its source os.yml"}, nil, policy(verify.Rule{}, func(p *verify.Policy) { p.Revoked.Digests = []string{sealtest.Digest("os.yml")} }, release)},
	}
}

// A file that is exchanged after the check has no effect: the result has the
// descriptor that was hashed. A file that is exchanged during the check is refused,
// or does not matter.
func TestExchanged(t *testing.T) {
	t.Parallel()
	s := sealtest.Signer(t)
	dir := sealtest.New("demo").Seal(t, s)
	v := verifier(t, s)
	path := filepath.Join(dir, "demo-kernel")
	good, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() { // exchanges the kernel all the time
		defer close(stopped)
		for i := 0; ; i++ {
			select {
			case <-stop:
				return
			default:
			}
			content := good
			if i%2 == 0 {
				content = []byte("kernel of evil")
			}
			if os.WriteFile(path+".next", content, 0o644) != nil || os.Rename(path+".next", path) != nil {
				return
			}
		}
	}()
	for range 50 {
		r, err := v.Dir(dir)
		if err != nil {
			if !errors.Is(err, verify.ErrRefused) && !errors.Is(err, system.ErrUnusable) {
				t.Errorf("error %v", err)
			}
			continue
		}
		got, err := io.ReadAll(r.Open("demo-kernel"))
		if err != nil || !bytes.Equal(got, good) {
			t.Errorf("verified, but the kernel is %q, %v", got, err)
		}
		r.Close()
	}
	close(stop)
	<-stopped
}
