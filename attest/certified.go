package attest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"time"

	"github.com/sigstore/sigstore-go/pkg/sign"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// Certified is a Signer with a key and its certificate, from a certificate authority
// of your own. verify.Chain verifies its bundles.
type Certified struct {
	*KeySigner
	certificate []byte // DER
	name        string
}

// LoadCertified reads the certificate of a signer's key from a PEM file with this one
// certificate. It must be for signatures (code signing), have an e-mail address or a
// URI, and be valid now: verify refuses all others. Errors are ErrInput.
func LoadCertified(s *KeySigner, path string, now time.Time) (*Certified, error) {
	raw, err := bounded.ReadFile(path, maxKey)
	if err == nil {
		var c *Certified
		if c, err = certify(s, raw, now); err == nil {
			return c, nil
		}
	}
	return nil, system.BadInput("certificate %s cannot be used", path).Because(err).
		Suggest("give the certificate that your certificate authority issued for this key, in PEM form; docs/signing.md says what it needs")
}

func certify(s *KeySigner, raw []byte, now time.Time) (*Certified, error) {
	block, rest := pem.Decode(raw)
	if block == nil || block.Type != "CERTIFICATE" || len(bytes.TrimSpace(rest)) > 0 {
		return nil, errors.New("the file must have one PEM block of type CERTIFICATE, and nothing else")
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return nil, err
	}
	names := verify.CertificateNames(cert)
	switch key, ok := cert.PublicKey.(interface{ Equal(crypto.PublicKey) bool }); {
	case !ok || !key.Equal(s.PublicKey()):
		return nil, errors.New("it is the certificate of another key")
	case len(names) == 0:
		return nil, errors.New("it has neither an e-mail address nor a URI, so a trust policy cannot name its owner")
	}
	if err := verify.ForSigning(cert); err != nil {
		return nil, err
	}
	switch {
	case now.Before(cert.NotBefore):
		return nil, errors.New("it is valid from " + statement.Time(cert.NotBefore))
	case now.After(cert.NotAfter):
		return nil, errors.New("it was valid until " + statement.Time(cert.NotAfter))
	}
	return &Certified{KeySigner: s, certificate: block.Bytes, name: verifiedName(names[0], cert.Issuer.String())}, nil
}

// Identify implements Signer.
func (c *Certified) Identify(context.Context) (string, error) { return c.name, nil }

// Bundle implements Signer. The bundle has the certificate, and no timestamp.
func (c *Certified) Bundle(ctx context.Context, payload []byte) ([]byte, error) {
	b, err := sign.Bundle(&sign.DSSEData{Data: payload, PayloadType: statement.PayloadType}, keypair{c.KeySigner},
		sign.BundleOptions{Context: ctx, CertificateProvider: c})
	if err != nil {
		return nil, err
	}
	return compact(b)
}

// GetCertificate implements sign.CertificateProvider.
func (c *Certified) GetCertificate(context.Context, sign.Keypair, *sign.CertificateProviderOptions) ([]byte, error) {
	return c.certificate, nil
}
