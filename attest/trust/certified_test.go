package trust

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/json"
	"encoding/pem"
	"math/big"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
)

// A component image can be signed with a certificate of your own certificate
// authority.
func TestCertified(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	newKey := func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		return key
	}
	caKey, key := newKey(), newKey()
	root := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: testNow.AddDate(-1, 0, 0), NotAfter: testNow.AddDate(1, 0, 0), Subject: pkix.Name{CommonName: "CA"}}
	rootDER, err := x509.CreateCertificate(rand.Reader, root, root, caKey.Public(), caKey)
	if err != nil {
		t.Fatal(err)
	}
	k.file(t, "ca.pem", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: rootDER})))
	signed := func(mail string) Attached {
		leaf := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: testNow.AddDate(0, -1, 0), NotAfter: testNow.AddDate(0, 1, 0),
			KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, EmailAddresses: []string{mail}}
		der, err := x509.CreateCertificate(rand.Reader, leaf, root, key.Public(), caKey)
		if err != nil {
			t.Fatal(err)
		}
		payload := statementOf(digest, statement.CosignSign, "{}")
		sum := sha256.Sum256(verify.PAE(statement.PayloadType, payload))
		sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		raw, err := json.Marshal(map[string]any{"mediaType": statement.BundleMediaType,
			"verificationMaterial": map[string]any{"certificate": map[string]any{"rawBytes": der}},
			"dsseEnvelope":         map[string]any{"payload": payload, "payloadType": statement.PayloadType, "signatures": []any{map[string]any{"sig": sig}}}})
		if err != nil {
			t.Fatal(err)
		}
		return Attached{MediaType: statement.BundleMediaType, Data: raw}
	}
	const policy = `authorities:
  - {name: company, certificates: {chain: ca.pem, subject: release@example.org}, repositories: ["docker.io/*"]}
`
	for name, c := range map[string]struct{ policy, mail, want string }{
		"accepted":         {policy, "release@example.org", ""},
		"another subject":  {policy, "mallory@example.org", "not for"},
		"other repository": {strings.Replace(policy, "docker.io/*", "ghcr.io/x/*", 1), "release@example.org", "does not cover repository"},
		"revoked": {policy + "revoked: {identities: [{issuer: CN=CA, subject: release@example.org}]}\n", "release@example.org",
			"identity company is revoked"},
		"no certificates are trusted": {policyText, "release@example.org", "only keys are trusted here"},
		"expired":                     {strings.Replace(policy, "repositories", "validUntil: 2026-10-01, repositories", 1), "release@example.org", "were valid until"},
	} {
		p, err := k.parse(t, c.policy)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		got := p.Judge(ours, signed(c.mail))
		if got.Verified != (c.want == "") || !strings.Contains(got.Reason, c.want) {
			t.Errorf("%s: %+v", name, got)
		}
		if got.Verified && (got.Key != "company" || got.Identity != c.mail || got.Issuer != "CN=CA" || !got.Signs) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
