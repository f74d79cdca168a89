package secureboot

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"time"

	"github.com/seaworthy-os/seaworthy/builder/image/uki"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// KeyOptions say what the certificates of new keys contain.
type KeyOptions struct {
	// Name begins the subject of each certificate: "NAME PK".
	Name string
	// NotBefore and NotAfter are written into the certificates. Firmware does
	// not look at them; other programs do.
	NotBefore, NotAfter time.Time
}

// Keys are one of each kind.
type Keys struct{ PK, KEK, DB *uki.KeyPair }

// keyBits: firmware accepts 4096 too, but some is slow with it.
const keyBits = 2048

// GenerateKeys makes three keys with certificates that they sign themselves.
func GenerateKeys(o KeyOptions) (*Keys, error) {
	if o.Name == "" || len(o.Name) > 60 {
		return nil, system.BadInput("the name %q of the keys is empty, or longer than 60 bytes", o.Name).Suggest("give the name of the system or of its owner")
	}
	if !o.NotBefore.Before(o.NotAfter) {
		return nil, system.BadInput("the certificates would end at %s, before they begin at %s", o.NotAfter.Format(time.DateOnly), o.NotBefore.Format(time.DateOnly)).
			Suggest("give a later end")
	}
	var k Keys
	for _, n := range []struct {
		to   **uki.KeyPair
		name string
	}{{&k.PK, "PK"}, {&k.KEK, "KEK"}, {&k.DB, "db"}} {
		pair, err := generate(o.Name+" "+n.name, o)
		if err != nil {
			return nil, err
		}
		*n.to = pair
	}
	return &k, nil
}

func generate(name string, o KeyOptions) (*uki.KeyPair, error) {
	key, err := rsa.GenerateKey(rand.Reader, keyBits)
	if err != nil {
		return nil, err
	}
	// The serial number follows from the key, so that equal keys have equal
	// certificates. It must be positive, and has at most 20 bytes.
	serial := sha256.Sum256(x509.MarshalPKCS1PublicKey(&key.PublicKey))
	serial[0] = serial[0]&0x7f | 0x40
	template := &x509.Certificate{
		SerialNumber:          new(big.Int).SetBytes(serial[:16]),
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             o.NotBefore.UTC(),
		NotAfter:              o.NotAfter.UTC(),
		KeyUsage:              x509.KeyUsageDigitalSignature,
		BasicConstraintsValid: true,
		SignatureAlgorithm:    x509.SHA256WithRSA,
	}
	der, err := x509.CreateCertificate(rand.Reader, template, template, &key.PublicKey, key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return uki.NewKeyPair(key, cert)
}
