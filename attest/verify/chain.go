package verify

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// Chain verifies signatures by certificates of your own certificate authority. It
// needs no other service: such a signature has no trusted time, so the certificate
// must be valid at the time of the check.
type Chain struct {
	roots, intermediates *x509.CertPool
	subject              string
}

// LoadChain reads the certificates of a certificate authority from a PEM file:
// roots, which issued themselves, and others, which may be between a root and the
// certificate of the signer. subject is the e-mail address or the URI that the
// signer's certificate must have. A file without a root is system.ErrInput.
func LoadChain(path, subject string) (*Chain, error) {
	raw, err := bounded.ReadFile(path, maxKey)
	if err == nil {
		var c *Chain
		if c, err = ParseChain(raw, subject); err == nil {
			return c, nil
		}
	}
	return nil, system.BadInput("certificates %s", path).Because(err).Suggest("give a PEM file with the certificates of the certificate authority")
}

// ParseChain is LoadChain for the content of the file.
func ParseChain(raw []byte, subject string) (*Chain, error) {
	c := &Chain{roots: x509.NewCertPool(), intermediates: x509.NewCertPool(), subject: subject}
	roots := 0
	for len(bytes.TrimSpace(raw)) > 0 {
		block, rest := pem.Decode(raw)
		if block == nil || block.Type != "CERTIFICATE" {
			return nil, errors.New("the file contains something other than PEM certificates")
		}
		raw = rest
		cert, err := x509.ParseCertificate(block.Bytes)
		switch {
		case err != nil:
			return nil, err
		case !cert.IsCA || !cert.BasicConstraintsValid:
			return nil, fmt.Errorf("certificate %q is not one of a certificate authority", cert.Subject)
		case weak(cert.PublicKey):
			return nil, fmt.Errorf("certificate %q has a weak key", cert.Subject)
		}
		if bytes.Equal(cert.RawIssuer, cert.RawSubject) && cert.CheckSignatureFrom(cert) == nil {
			c.roots.AddCert(cert)
			roots++
			continue
		}
		c.intermediates.AddCert(cert)
	}
	if roots == 0 {
		return nil, errors.New("the file contains no root certificate")
	}
	return c, nil
}

// certified is a bundle with a certificate and without a log entry or a timestamp.
type certified struct {
	MediaType            string `json:"mediaType"`
	VerificationMaterial struct {
		Certificate struct {
			RawBytes string `json:"rawBytes"`
		} `json:"certificate"`
	} `json:"verificationMaterial"`
	DSSEEnvelope struct {
		Payload     string              `json:"payload"`
		PayloadType string              `json:"payloadType"`
		Signatures  []map[string]string `json:"signatures"`
	} `json:"dsseEnvelope"`
}

// Verify verifies a bundle. It accepts no member that it does not check.
func (c *Chain) Verify(bundle []byte, now time.Time) (*Signature, error) {
	if len(bundle) > statement.MaxBundle {
		return nil, fmt.Errorf("the bundle is larger than %d bytes", statement.MaxBundle)
	}
	var b certified
	if err := statement.DecodeExact(bundle, &b); err != nil {
		return nil, fmt.Errorf("malformed bundle: %w", err)
	}
	switch {
	case b.MediaType != statement.BundleMediaType:
		return nil, fmt.Errorf("media type %q is not %s", b.MediaType, statement.BundleMediaType)
	case b.DSSEEnvelope.PayloadType != statement.PayloadType:
		return nil, fmt.Errorf("payload type %q is not %s", b.DSSEEnvelope.PayloadType, statement.PayloadType)
	case len(b.DSSEEnvelope.Signatures) != 1 || len(b.DSSEEnvelope.Signatures[0]) != 1:
		return nil, errors.New("the bundle must have one signature, with no other member than sig")
	}
	der, err1 := canonical(b.VerificationMaterial.Certificate.RawBytes)
	payload, err2 := canonical(b.DSSEEnvelope.Payload)
	sig, err3 := canonical(b.DSSEEnvelope.Signatures[0]["sig"])
	if err := errors.Join(err1, err2, err3); err != nil {
		return nil, err
	}
	leaf, issuer, err := c.leaf(der, now)
	if err != nil {
		return nil, err
	}
	if Signer([]crypto.PublicKey{leaf.PublicKey}, PAE(statement.PayloadType, payload), sig) < 0 {
		return nil, errors.New("the signature is not by the key in the certificate")
	}
	return &Signature{Payload: payload, Issuer: issuer, Subject: c.subject, Time: now}, nil
}

// canonical decodes base64 that has only one form.
func canonical(s string) ([]byte, error) {
	raw, err := base64.StdEncoding.Strict().DecodeString(s)
	if err != nil || base64.StdEncoding.EncodeToString(raw) != s || len(raw) == 0 {
		return nil, errors.New("a member is not canonical base64")
	}
	return raw, nil
}

// leaf verifies the certificate of a signer. issuer is the name of the root.
func (c *Chain) leaf(der []byte, now time.Time) (*x509.Certificate, string, error) {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, "", fmt.Errorf("malformed certificate: %w", err)
	}
	if _, err := KeyID(cert.PublicKey); err != nil {
		return nil, "", fmt.Errorf("the certificate cannot be used: %w", err)
	}
	chains, err := cert.Verify(x509.VerifyOptions{Roots: c.roots, Intermediates: c.intermediates, CurrentTime: now,
		KeyUsages: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning}})
	if err == nil {
		err = ForSigning(cert)
	}
	if err != nil {
		return nil, "", err
	}
	if names := CertificateNames(cert); !slices.Contains(names, c.subject) {
		return nil, "", fmt.Errorf("the certificate is for %q, not for %q", names, c.subject)
	}
	root := chains[0][len(chains[0])-1]
	return cert, root.Subject.String(), nil
}

// ForSigning requires that a certificate is one for signatures of code, and not one of
// a certificate authority.
func ForSigning(cert *x509.Certificate) error {
	if cert.IsCA || cert.KeyUsage&x509.KeyUsageDigitalSignature == 0 {
		return errors.New("the certificate is not for signatures: its key usage is another one")
	}
	// Verify accepts a certificate without an extended key usage for any purpose.
	if !slices.Contains(cert.ExtKeyUsage, x509.ExtKeyUsageCodeSigning) {
		return errors.New("the certificate is not for code signing: its extended key usage is another one, or missing")
	}
	return nil
}

// CertificateNames are the names that a certificate confirms: its e-mail addresses and
// URIs.
func CertificateNames(cert *x509.Certificate) []string {
	names := slices.Clone(cert.EmailAddresses)
	for _, u := range cert.URIs {
		names = append(names, u.String())
	}
	return names
}

// weak reports whether a key is too weak to issue certificates.
func weak(key crypto.PublicKey) bool {
	switch k := key.(type) {
	case *rsa.PublicKey:
		return k.N.BitLen() < 2048
	case *ecdsa.PublicKey:
		return k.Curve.Params().BitSize < 256
	}
	return false
}
