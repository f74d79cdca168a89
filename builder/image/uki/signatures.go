package uki

import (
	"crypto/ecdsa"
	"crypto/rsa"
	"crypto/x509"
	"fmt"
	"io"

	"github.com/sassoftware/relic/v8/lib/pkcs7"
)

// Signature is one Authenticode signature of an EFI program.
type Signature struct {
	// Signer is the certificate that the signature names; nil if unknown. Anyone
	// can make a certificate with any name: compare the whole certificate.
	Signer *x509.Certificate
	// Problem says why the signature is not valid, "" if it is: it was made with
	// the signer's key, and is of this program.
	Problem string
}

// Algorithm describes the key of the signer: "RSA 2048 with SHA-256".
func (s Signature) Algorithm() string {
	if s.Signer == nil {
		return ""
	}
	name := s.Signer.PublicKeyAlgorithm.String()
	switch key := s.Signer.PublicKey.(type) {
	case *rsa.PublicKey:
		name = fmt.Sprintf("RSA %d", key.N.BitLen())
	case *ecdsa.PublicKey:
		name = "ECDSA " + key.Curve.Params().Name
	}
	return name + " with SHA-256" // verify accepts no other
}

// Signatures describes the signatures of an EFI program, valid or not. It trusts
// no certificate: CheckSignature does.
func Signatures(r io.ReaderAt, size int64) ([]Signature, error) {
	p, err := parseAligned(r, size, 1)
	if err != nil || p.certs == 0 {
		return nil, err
	}
	blobs, err := p.signatures(r)
	if err != nil {
		return nil, err
	}
	if err := p.checkSignable(); err != nil {
		return nil, err
	}
	digest, err := p.digest(r)
	if err != nil {
		return nil, err
	}
	var out []Signature
	for _, blob := range blobs {
		signer, err := verify(blob, digest)
		s := Signature{Signer: signer}
		if err != nil {
			s.Signer, s.Problem = namedSigner(blob), err.Error()
		}
		out = append(out, s)
	}
	return out, nil
}

// namedSigner is the certificate of a signature that is valid for another
// program, or nil.
func namedSigner(blob []byte) *x509.Certificate {
	signed, err := pkcs7.Unmarshal(blob)
	if err != nil {
		return nil
	}
	sig, err := signed.Content.Verify(nil, false)
	if err != nil {
		return nil
	}
	return sig.Certificate
}
