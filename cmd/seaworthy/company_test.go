package main

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
)

// company DIR writes the files of a company with its own certificate authority: the
// authority's certificate ca.pem, and release.key with its certificate release.pem.
// Further certificates of the same key cannot be used: expired.pem, web.pem (for web
// servers), any.pem (for no purpose in particular) and unnamed.pem. other.pem is for
// another key.
func company(ts *testscript.TestScript, neg bool, args []string) {
	dir := ts.MkAbs(args[0])
	ts.Check(os.MkdirAll(dir, 0o755))
	newKey := func() *ecdsa.PrivateKey {
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		ts.Check(err)
		return key
	}
	write := func(name, kind string, der []byte) {
		ts.Check(os.WriteFile(filepath.Join(dir, name), pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}), 0o600))
	}
	day := func(year int) time.Time { return time.Date(year, 1, 1, 0, 0, 0, 0, time.UTC) }
	caKey, key := newKey(), newKey()
	ca := &x509.Certificate{SerialNumber: big.NewInt(1), IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: day(2020), NotAfter: day(2099), Subject: pkix.Name{CommonName: "Example CA"}}
	issue := func(template *x509.Certificate, of *ecdsa.PrivateKey) []byte {
		der, err := x509.CreateCertificate(rand.Reader, template, ca, of.Public(), caKey)
		ts.Check(err)
		return der
	}
	write("ca.pem", "CERTIFICATE", issue(ca, caKey))
	private, err := x509.MarshalPKCS8PrivateKey(key)
	ts.Check(err)
	write("release.key", "PRIVATE KEY", private)
	subject, err := url.Parse("https://ci.example.org/release")
	ts.Check(err)
	for name, change := range map[string]func(*x509.Certificate){
		"release": func(*x509.Certificate) {}, "other": func(*x509.Certificate) {},
		"expired": func(c *x509.Certificate) { c.NotAfter = day(2021) },
		"web":     func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} },
		"any":     func(c *x509.Certificate) { c.ExtKeyUsage = nil },
		"unnamed": func(c *x509.Certificate) { c.URIs = nil },
	} {
		leaf := &x509.Certificate{SerialNumber: big.NewInt(2), NotBefore: day(2020), NotAfter: day(2099), KeyUsage: x509.KeyUsageDigitalSignature,
			ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}, URIs: []*url.URL{subject}}
		change(leaf)
		of := key
		if name == "other" {
			of = newKey()
		}
		write(name+".pem", "CERTIFICATE", issue(leaf, of))
	}
}
