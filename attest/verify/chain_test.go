package verify_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"net/url"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
)

// company is a certificate authority.
type company struct {
	root *x509.Certificate
	key  *ecdsa.PrivateKey
}

const signerURI = "https://ci.example.org/release"

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newCompany(t testing.TB) *company {
	t.Helper()
	c := &company{key: newKey(t)}
	c.root = c.issue(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: now.AddDate(-5, 0, 0), NotAfter: now.AddDate(5, 0, 0), Subject: pkix.Name{CommonName: "Example CA"}}, c.key.Public())
	return c
}

// issue makes a certificate. A new certificate authority issues its own.
func (c *company) issue(t testing.TB, template *x509.Certificate, key crypto.PublicKey) *x509.Certificate {
	t.Helper()
	template.SerialNumber = big.NewInt(time.Now().UnixNano())
	parent := c.root
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key, c.key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert
}

// leaf is the usual certificate of a signer.
func leaf() *x509.Certificate {
	u, _ := url.Parse(signerURI)
	return &x509.Certificate{NotBefore: now.AddDate(0, -1, 0), NotAfter: now.AddDate(0, 1, 0), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, URIs: []*url.URL{u}, Subject: pkix.Name{CommonName: "release"}}
}

// block is the PEM block of a certificate.
func block(cert *x509.Certificate) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
}

func (c *company) chain(t testing.TB) *verify.Chain {
	t.Helper()
	chain, err := verify.ParseChain([]byte(block(c.root)), signerURI)
	if err != nil {
		t.Fatal(err)
	}
	return chain
}

// reseal signs all statements of a folder again, with a certificate.
func reseal(t *testing.T, dir string, cert *x509.Certificate, key *ecdsa.PrivateKey, change func(object)) {
	t.Helper()
	for _, path := range files(t, filepath.Join(dir, statement.Dir)) {
		stem := strings.TrimSuffix(path, statement.Suffix)
		b := readBundle(t, dir, stem)
		sum := sha256.Sum256(verify.PAE(statement.PayloadType, b.DSSEEnvelope.Payload))
		sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		out := object{
			"mediaType":            statement.BundleMediaType,
			"verificationMaterial": object{"certificate": object{"rawBytes": base64.StdEncoding.EncodeToString(cert.Raw)}},
			"dsseEnvelope": object{"payload": b.DSSEEnvelope.Payload, "payloadType": statement.PayloadType,
				"signatures": []object{{"sig": sig}}},
		}
		if change != nil && stem == "vsa" {
			change(out)
		}
		raw, err := json.Marshal(out)
		if err != nil {
			t.Fatal(err)
		}
		put(t, filepath.Join(dir, statement.BundlePath(stem)), raw)
	}
	relayout(t, dir)
}

// An image that is signed with a certificate of the company is accepted.
func TestChain(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	key := newKey(t)
	dir := sealtest.New("demo").Seal(t, sealtest.Signer(t))
	reseal(t, dir, c.issue(t, leaf(), key.Public()), key, nil)
	v, err := verify.New(verify.Policy{Authorities: []verify.Authority{{Name: "company", Keyless: c.chain(t)}}, Now: now})
	if err != nil {
		t.Fatal(err)
	}
	r, err := v.Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if len(r.Signers) != 1 || r.Signers[0] != signerURI+" (CN=Example CA)" {
		t.Errorf("signers %q", r.Signers)
	}
	// A chain with an intermediate certificate.
	middleKey := newKey(t)
	middle := c.issue(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign, NotBefore: now.AddDate(-1, 0, 0),
		NotAfter: now.AddDate(1, 0, 0), Subject: pkix.Name{CommonName: "Middle"}}, middleKey.Public())
	between := &company{root: middle, key: middleKey}
	both := []byte(block(c.root) + block(middle))
	chain, err := verify.ParseChain(both, signerURI)
	if err != nil {
		t.Fatal(err)
	}
	reseal(t, dir, between.issue(t, leaf(), key.Public()), key, nil)
	if v, err = verify.New(verify.Policy{Authorities: []verify.Authority{{Name: "company", Keyless: chain}}, Now: now}); err != nil {
		t.Fatal(err)
	}
	again, err := v.Dir(dir)
	if err != nil {
		t.Fatal(err)
	}
	again.Close()
}

// Files that cannot be the certificates of a certificate authority.
func TestParseChain(t *testing.T) {
	t.Parallel()
	c := newCompany(t)
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Skipf("skipped: this Go makes no weak keys: %v", err)
	}
	for name, tt := range map[string]struct{ text, want string }{
		"nothing":        {"", "no root certificate"},
		"a key":          {"-----BEGIN PUBLIC KEY-----\nAAAA\n-----END PUBLIC KEY-----\n", "other than PEM certificates"},
		"a signer":       {block(c.issue(t, leaf(), newKey(t).Public())), "not one of a certificate authority"},
		"no root":        {block(c.issue(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, NotAfter: now, Subject: pkix.Name{CommonName: "x"}}, newKey(t).Public())), "no root certificate"},
		"a weak key":     {block(c.root) + block(c.issue(t, &x509.Certificate{IsCA: true, BasicConstraintsValid: true, NotAfter: now, Subject: pkix.Name{CommonName: "w"}}, weak.Public())), "weak key"},
		"text behind it": {block(c.root) + "more", "other than PEM certificates"},
	} {
		if _, err := verify.ParseChain([]byte(tt.text), signerURI); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: %v, want %q", name, err, tt.want)
		}
	}
}

// certificates are attacks with certificates.
func certificates(t *testing.T) []staged {
	t.Helper()
	c, stranger := newCompany(t), newCompany(t)
	policy := func(p *verify.Policy) {
		p.Keys, p.Authorities = nil, []verify.Authority{{Name: "company", Keyless: c.chain(t)}}
	}
	bad := func(name, what string, by *company, change func(*x509.Certificate), bundle func(object)) staged {
		return staged{attack{name, func(t *testing.T, dir string) {
			template, key := leaf(), newKey(t)
			if change != nil {
				change(template)
			}
			reseal(t, dir, by.issue(t, template, key.Public()), key, bundle)
		}, verify.CheckSignature, what}, nil, policy}
	}
	usage := func(u ...x509.ExtKeyUsage) func(*x509.Certificate) {
		return func(c *x509.Certificate) { c.ExtKeyUsage = u }
	}
	list := []staged{
		bad("expired certificate", "expired", c, func(x *x509.Certificate) { x.NotAfter = now.AddDate(0, 0, -1) }, nil),
		bad("certificate that is not valid yet", "not yet valid", c, func(x *x509.Certificate) { x.NotBefore = now.AddDate(0, 0, 1) }, nil),
		bad("certificate of another authority", "unknown authority", stranger, nil, nil),
		bad("certificate for another identity", "not for \""+signerURI+"\"", c, func(x *x509.Certificate) { x.URIs = nil; x.EmailAddresses = []string{"a@example.org"} }, nil),
		bad("identity only in the name of the certificate", "not for", c, func(x *x509.Certificate) { x.URIs = nil; x.Subject.CommonName = signerURI }, nil),
		bad("certificate for web servers", "incompatible key usage", c, usage(x509.ExtKeyUsageServerAuth), nil),
		bad("certificate for no purpose in particular", "extended key usage is another one, or missing", c, usage(), nil),
		bad("certificate not for signatures", "its key usage is another one", c, func(x *x509.Certificate) { x.KeyUsage = x509.KeyUsageKeyEncipherment }, nil),
		bad("certificate of a certificate authority as signer", "its key usage is another one", c, func(x *x509.Certificate) { x.IsCA, x.BasicConstraintsValid = true, true }, nil),
		bad("certificate bundle with an unsigned log entry", "does not have this member", c, nil, func(b object) { b["verificationMaterial"].(object)["tlogEntries"] = []any{} }),
		bad("certificate bundle with another payload type", "payload type", c, nil, func(b object) { b["dsseEnvelope"].(object)["payloadType"] = "application/json" }),
		bad("certificate bundle with two signatures", "must have one signature", c, nil, func(b object) {
			e := b["dsseEnvelope"].(object)
			e["signatures"] = append(e["signatures"].([]object), object{"sig": "AAAA"})
		}),
		bad("certificate that is damaged", "malformed certificate", c, nil, func(b object) {
			b["verificationMaterial"].(object)["certificate"] = object{"rawBytes": "AAAA"}
		}),
		bad("certificate for another key", "not by the key in the certificate", c, nil, func(b object) {
			other := c.issue(t, leaf(), newKey(t).Public())
			b["verificationMaterial"].(object)["certificate"] = object{"rawBytes": base64.StdEncoding.EncodeToString(other.Raw)}
		}),
	}
	list = append(list, staged{attack{"certificate with a weak algorithm", func(t *testing.T, dir string) {
		key, err := rsa.GenerateKey(rand.Reader, 2048)
		if err != nil {
			t.Fatal(err)
		}
		reseal(t, dir, c.issue(t, leaf(), key.Public()), newKey(t), nil)
	}, verify.CheckSignature, "must be ECDSA or Ed25519"}, nil, policy})
	list = append(list, staged{attack{"revoked identity", func(t *testing.T, dir string) {
		key := newKey(t)
		reseal(t, dir, c.issue(t, leaf(), key.Public()), key, nil)
	}, verify.CheckSignature, "is revoked"}, nil, func(p *verify.Policy) {
		policy(p)
		p.Revoked.Identities = []verify.Identity{{Issuer: "CN=Example CA", Subject: signerURI}}
	}})
	return list
}

// A bundle without the key of a certificate of the company is never accepted, and one
// that is accepted has no member that was not checked.
func FuzzChain(f *testing.F) {
	c, key := newCompany(f), newKey(f)
	chain := c.chain(f)
	payload := []byte(`{"_type":"x"}`)
	sum := sha256.Sum256(verify.PAE(statement.PayloadType, payload))
	sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
	if err != nil {
		f.Fatal(err)
	}
	seed := func(cert *x509.Certificate) []byte {
		raw, err := json.Marshal(object{"mediaType": statement.BundleMediaType,
			"verificationMaterial": object{"certificate": object{"rawBytes": cert.Raw}},
			"dsseEnvelope":         object{"payload": payload, "payloadType": statement.PayloadType, "signatures": []object{{"sig": sig}}}})
		if err != nil {
			f.Fatal(err)
		}
		return raw
	}
	good := seed(c.issue(f, leaf(), key.Public()))
	if _, err := chain.Verify(good, now); err != nil {
		f.Fatal(err)
	}
	f.Add(good)
	f.Add(seed(newCompany(f).root))
	f.Add([]byte(strings.Replace(string(good), `"payload"`, `"Payload"`, 1)))
	f.Fuzz(func(t *testing.T, raw []byte) {
		got, err := chain.Verify(raw, now)
		if err != nil {
			return
		}
		if string(got.Payload) != string(payload) || got.Subject != signerURI {
			t.Errorf("accepted %q of %s", got.Payload, got.Subject)
		}
		if again, err := chain.Verify(append([]byte(" "), raw...), now); err != nil || string(again.Payload) != string(payload) {
			t.Errorf("white space matters: %v", err)
		}
	})
}
