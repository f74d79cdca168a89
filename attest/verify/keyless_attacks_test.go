package verify_test

import (
	"encoding/base64"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/sigstoretest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/attest/verify/keyless"
)

const person = sigstoretest.Person

// keylessImage is an image that an identity signed, and the root that verifies it.
func keylessImage(t *testing.T) (dir string, root []byte) {
	t.Helper()
	s, o := sigstoretest.Start(t)
	defer s.Close() // verification needs no service
	k, err := attest.NewKeyless(o)
	if err != nil {
		t.Fatal(err)
	}
	return sealtest.New("demo").Seal(t, k), o.TrustedRoot
}

// trustIdentity trusts one identity at the present time.
func trustIdentity(t *testing.T, root []byte, issuer, subject string, change func(*verify.Policy)) func(*verify.Policy) {
	t.Helper()
	k, err := keyless.New(root, keyless.Identity{Issuer: issuer, Subject: subject})
	if err != nil {
		t.Fatal(err)
	}
	return func(p *verify.Policy) {
		p.Keys, p.Now = nil, time.Now()
		p.Authorities = []verify.Authority{{Name: "ci", Keyless: k}}
		if change != nil {
			change(p)
		}
	}
}

func TestKeylessImage(t *testing.T) {
	t.Parallel()
	dir, root := keylessImage(t)
	var p verify.Policy
	trustIdentity(t, root, sigstoretest.Issuer, person, nil)(&p)
	v, err := verify.New(p)
	if err != nil {
		t.Fatal(err)
	}
	r, err := v.Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if len(r.Signers) != 1 || r.Signers[0] != person+" ("+sigstoretest.Issuer+")" {
		t.Errorf("signers %q", r.Signers)
	}
}

// An identity can be in two authorities, for example all jobs of a repository and one of
// them. The authority counts that accepts the signature.
func TestTwoAuthorities(t *testing.T) {
	t.Parallel()
	dir, root := keylessImage(t)
	for name, c := range map[string]struct {
		change func(old, current *verify.Authority)
		ok     bool
	}{
		"the first one is no longer valid": {func(old, _ *verify.Authority) { old.Until = time.Now().AddDate(0, -1, 0) }, true},
		"the second one is not valid yet":  {func(_, current *verify.Authority) { current.From = time.Now().AddDate(0, 1, 0) }, true},
		"neither is valid": {func(old, current *verify.Authority) {
			old.Until, current.From = time.Now().AddDate(0, -1, 0), time.Now().AddDate(0, 1, 0)
		}, false},
	} {
		var p verify.Policy
		trustIdentity(t, root, sigstoretest.Issuer, person, nil)(&p)
		k, err := keyless.New(root, keyless.Identity{Issuer: sigstoretest.Issuer, Subject: "release@*"})
		if err != nil {
			t.Fatal(err)
		}
		p.Authorities = append(p.Authorities, verify.Authority{Name: "all", Keyless: k})
		c.change(&p.Authorities[0], &p.Authorities[1])
		v, err := verify.New(p)
		if err != nil {
			t.Fatal(err)
		}
		r, err := v.Dir(dir)
		if c.ok != (err == nil) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			r.Close()
		}
	}
}

// keylessAttacks are attacks on images that an identity signed.
func keylessAttacks(t *testing.T) []staged {
	t.Helper()
	from, root := keylessImage(t)
	other, otherRoot := keylessImage(t)
	read := func(dir string) object {
		raw, err := os.ReadFile(filepath.Join(dir, statement.BundlePath("vsa")))
		if err != nil {
			t.Fatal(err)
		}
		var b object
		if err := json.Unmarshal(raw, &b); err != nil {
			t.Fatal(err)
		}
		return b
	}
	stranger := read(other)["verificationMaterial"].(object)
	// with puts the image that the identity signed in place of the usual one, and
	// changes a bundle.
	with := func(change func(bundle, material object)) func(*testing.T, string) {
		return func(t *testing.T, dir string) {
			if err := os.RemoveAll(dir); err != nil {
				t.Fatal(err)
			}
			if err := os.CopyFS(dir, os.DirFS(from)); err != nil {
				t.Fatal(err)
			}
			if change == nil {
				return
			}
			b := read(dir)
			change(b, b["verificationMaterial"].(object))
			raw, err := json.Marshal(b)
			if err != nil {
				t.Fatal(err)
			}
			put(t, filepath.Join(dir, statement.BundlePath("vsa")), raw)
			relayout(t, dir)
		}
	}
	trust := trustIdentity(t, root, sigstoretest.Issuer, person, nil)
	bad := func(name, what string, change func(bundle, material object), policy func(*verify.Policy)) staged {
		if policy == nil {
			policy = trust
		}
		return staged{attack{name, with(change), verify.CheckSignature, what}, nil, policy}
	}
	entry := func(m object) object { return m["tlogEntries"].([]any)[0].(object) }
	return []staged{
		bad("keyless: another identity", "which is not a trusted identity", nil, trustIdentity(t, root, sigstoretest.Issuer, "owner@example.org", nil)),
		bad("keyless: the same name at another issuer", "which is not a trusted identity", nil, trustIdentity(t, root, "https://other.example.org", person, nil)),
		bad("keyless: services that are not trusted", "not signed by a trusted identity", nil, trustIdentity(t, otherRoot, sigstoretest.Issuer, person, nil)),
		bad("keyless: revoked identity", "is revoked", nil, trustIdentity(t, root, sigstoretest.Issuer, person, func(p *verify.Policy) {
			p.Revoked.Identities = []verify.Identity{{Issuer: sigstoretest.Issuer, Subject: person}}
		})),
		bad("keyless: all identities that begin so are revoked", "is revoked", nil, trustIdentity(t, root, sigstoretest.Issuer, person, func(p *verify.Policy) {
			p.Revoked.Identities = []verify.Identity{{Issuer: sigstoretest.Issuer, Subject: "release@*"}}
		})),
		bad("keyless: signed before the identity was trusted", "are valid from", nil, trustIdentity(t, root, sigstoretest.Issuer, person, func(p *verify.Policy) {
			p.Authorities[0].From = time.Now().AddDate(0, 1, 0)
		})),
		bad("keyless: signed after the identity was trusted", "were valid until", nil, trustIdentity(t, root, sigstoretest.Issuer, person, func(p *verify.Policy) {
			p.Authorities[0].Until = time.Now().AddDate(0, -1, 0)
		})),
		bad("keyless: signed in the future", "later than the current time", nil, trustIdentity(t, root, sigstoretest.Issuer, person, func(p *verify.Policy) { p.Now = time.Now().Add(-time.Hour) })),
		bad("keyless: without a log entry", "has no entry of a trusted transparency log", func(_, m object) { delete(m, "tlogEntries") }, nil),
		bad("keyless: log entry of another signature", "has no entry of a trusted transparency log", func(_, m object) { m["tlogEntries"] = stranger["tlogEntries"] }, nil),
		bad("keyless: without a timestamp", "has no timestamp of a trusted authority", func(_, m object) { delete(m, "timestampVerificationData") }, nil),
		bad("keyless: timestamp of another signature", "has no timestamp of a trusted authority", func(_, m object) { m["timestampVerificationData"] = stranger["timestampVerificationData"] }, nil),
		bad("keyless: another certificate", "not signed by a trusted identity", func(_, m object) { m["certificate"] = stranger["certificate"] }, nil),
		bad("keyless: another size of the log", "not that of its checkpoint", func(_, m object) { entry(m)["inclusionProof"].(object)["treeSize"] = "99" }, nil),
		bad("keyless: unsigned time of the log", "not signed by a trusted identity", func(_, m object) { entry(m)["integratedTime"] = "1" }, nil),
		bad("keyless: unsigned name of a key", "neither signed nor checked", func(b, _ object) {
			b["dsseEnvelope"].(object)["signatures"].([]any)[0].(object)["keyid"] = "x"
		}, nil),
		bad("keyless: another payload", "not signed by a trusted identity", func(b, _ object) {
			e := b["dsseEnvelope"].(object)
			payload, err := base64.StdEncoding.DecodeString(e["payload"].(string))
			if err != nil {
				t.Fatal(err)
			}
			e["payload"] = []byte(strings.Replace(string(payload), "PASSED", "FAILED", 1))
		}, nil),
		bad("keyless: a key in place of the certificate", "not signed by a trusted key", func(_, m object) {
			delete(m, "certificate")
			m["publicKey"] = object{"hint": "x"}
		}, nil),
		bad("keyless: unknown version", "media type", func(b, _ object) { b["mediaType"] = "application/vnd.dev.sigstore.bundle.v0.9+json" }, nil),
	}
}
