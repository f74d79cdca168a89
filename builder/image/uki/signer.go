package uki

import (
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"io"

	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Signer holds a key for Secure Boot. KeyPair is one whose key is in a file; a
// token or a signing service can be another.
type Signer interface {
	// Certificate is the one that firmware knows.
	Certificate() *x509.Certificate
	// SignDigest signs a SHA-256 digest with RSA, PKCS #1 v1.5.
	SignDigest(ctx context.Context, digest []byte) ([]byte, error)
}

// KeyPair is a Signer with a key in memory.
type KeyPair struct {
	certificate *x509.Certificate
	key         *rsa.PrivateKey
}

// NewKeyPair connects a key and its certificate.
func NewKeyPair(key *rsa.PrivateKey, certificate *x509.Certificate) (*KeyPair, error) {
	if err := CheckCertificate(certificate); err != nil {
		return nil, err
	}
	if !key.PublicKey.Equal(certificate.PublicKey) {
		return nil, notItsKey(certificate)
	}
	return &KeyPair{certificate, key}, nil
}

// ParseKeyPair reads a key and its certificate in PEM.
func ParseKeyPair(key, certificate []byte) (*KeyPair, error) {
	cert, err := ParseCertificate(certificate)
	if err != nil {
		return nil, err
	}
	block, _ := pem.Decode(key)
	if block == nil {
		return nil, system.BadInput("the key is not in PEM form").Suggest("give a file that begins with -----BEGIN PRIVATE KEY-----")
	}
	if block.Type == "ENCRYPTED PRIVATE KEY" || block.Headers["DEK-Info"] != "" {
		return nil, system.BadInput("the key is encrypted").Suggest("decrypt it with `openssl pkey -in KEY -out NEWKEY`, and keep the result in a safe place")
	}
	parsed, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		var older error
		if parsed, older = x509.ParsePKCS1PrivateKey(block.Bytes); older != nil {
			return nil, system.BadInput("the key cannot be read").Because(err).Suggest("give an RSA key in PKCS #8 form")
		}
	}
	private, ok := parsed.(*rsa.PrivateKey)
	if !ok {
		return nil, system.BadInput("the key is of type %T: firmware accepts RSA keys only", parsed).Suggest("use an RSA key of 2048 or 4096 bits")
	}
	return NewKeyPair(private, cert)
}

// PEM returns the key in PKCS #8 form, and the certificate. Only its owner should
// be able to read the key.
func (k *KeyPair) PEM() (key, certificate []byte, err error) {
	der, err := x509.MarshalPKCS8PrivateKey(k.key)
	if err != nil {
		return nil, nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}),
		pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: k.certificate.Raw}), nil
}

// ParseCertificate reads a certificate in PEM or DER, and checks that firmware
// accepts it.
func ParseCertificate(data []byte) (*x509.Certificate, error) {
	if block, _ := pem.Decode(data); block != nil {
		data = block.Bytes
	}
	cert, err := x509.ParseCertificate(data)
	if err != nil {
		return nil, system.BadInput("the certificate cannot be read").Because(err).Suggest("give an X.509 certificate in PEM or DER form")
	}
	return cert, CheckCertificate(cert)
}

// CheckCertificate refuses certificates that common firmware does not accept.
func CheckCertificate(c *x509.Certificate) error {
	refuse := func(what string) error {
		return system.BadInput("the certificate %q has %s: firmware accepts RSA keys of 2048 and 4096 bits", c.Subject, what).
			Suggest("use an RSA key of 2048 or 4096 bits")
	}
	key, ok := c.PublicKey.(*rsa.PublicKey)
	if !ok {
		return refuse(fmt.Sprintf("a key of type %v", c.PublicKeyAlgorithm))
	}
	if bits := key.N.BitLen(); bits != 2048 && bits != 4096 {
		return refuse(fmt.Sprintf("an RSA key of %d bits", bits))
	}
	return nil
}

// Key is a private key that is somewhere else: in a token, in a KMS, or behind a
// command.
type Key interface {
	Public() crypto.PublicKey
	// SignDigest signs a SHA-256 digest with RSA, PKCS #1 v1.5.
	SignDigest(ctx context.Context, digest []byte) ([]byte, error)
}

// external is a Signer whose key is somewhere else.
type external struct {
	Key
	certificate *x509.Certificate
}

// NewSigner connects a key and its certificate.
func NewSigner(key Key, certificate *x509.Certificate) (Signer, error) {
	if err := CheckCertificate(certificate); err != nil {
		return nil, err
	}
	public, ok := key.Public().(*rsa.PublicKey)
	switch {
	case !ok:
		return nil, system.BadInput("the key is of type %T: firmware accepts RSA keys only", key.Public()).Suggest("use an RSA key of 2048 or 4096 bits")
	case !public.Equal(certificate.PublicKey):
		return nil, notItsKey(certificate)
	}
	return external{key, certificate}, nil
}

// Certificate implements Signer.
func (e external) Certificate() *x509.Certificate { return e.certificate }

func notItsKey(certificate *x509.Certificate) error {
	return system.BadInput("the key does not belong to the certificate %q", certificate.Subject).
		Suggest("give the certificate that was made with this key")
}

// Certificate implements Signer.
func (k *KeyPair) Certificate() *x509.Certificate { return k.certificate }

// SignDigest implements Signer.
func (k *KeyPair) SignDigest(_ context.Context, digest []byte) ([]byte, error) {
	return rsa.SignPKCS1v15(nil, k.key, crypto.SHA256, digest)
}

// CryptoSigner makes a Signer usable where Go's crypto.Signer is expected. It
// checks each signature: a token can hold another key than its certificate says.
func CryptoSigner(ctx context.Context, s Signer) crypto.Signer { return adapter{ctx, s} }

type adapter struct {
	ctx    context.Context
	signer Signer
}

func (a adapter) Public() crypto.PublicKey { return a.signer.Certificate().PublicKey }

func (a adapter) Sign(_ io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if _, pss := opts.(*rsa.PSSOptions); pss || opts.HashFunc() != crypto.SHA256 {
		return nil, errors.New("only SHA-256 and PKCS #1 v1.5 are supported")
	}
	key, ok := a.Public().(*rsa.PublicKey)
	if !ok {
		return nil, errors.New("the certificate has no RSA key")
	}
	sig, err := a.signer.SignDigest(a.ctx, digest)
	if err != nil {
		return nil, err
	}
	if err := rsa.VerifyPKCS1v15(key, crypto.SHA256, digest, sig); err != nil {
		return nil, errors.New("the signature does not match the certificate: it was made with another key")
	}
	return sig, nil
}
