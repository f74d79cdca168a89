package attest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	"github.com/sigstore/sigstore-go/pkg/sign"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/seaworthy-os/seaworthy/attest/statement"
)

// Signer signs statements: KeySigner with a key, Keyless with an identity.
type Signer interface {
	// Identify names the signer in reports: sha256:HEX of a public key in PKIX
	// form, or the identity in a certificate. It is called before Bundle, when
	// something is about to be signed.
	Identify(context.Context) (string, error)
	// Bundle signs a statement, and returns a Sigstore bundle v0.3. It is safe
	// for concurrent use.
	Bundle(ctx context.Context, payload []byte) ([]byte, error)
	// Parallel is how many statements may be signed at the same time, at least
	// 1.
	Parallel() int
}

// Key is a private key: in a file, in a KMS or HSM, or behind a command. It also
// signs for Secure Boot, if it is an RSA key (see builder/image/uki).
type Key interface {
	// Public is the public key: *ecdsa.PublicKey, *rsa.PublicKey or
	// ed25519.PublicKey.
	Public() crypto.PublicKey
	// SignMessage signs a message, with SHA-256 for ECDSA (in ASN.1 form) and for
	// RSA (PKCS #1 v1.5).
	SignMessage(ctx context.Context, message []byte) ([]byte, error)
	// SignDigest signs the SHA-256 digest of a message. An Ed25519 key cannot do
	// this.
	SignDigest(ctx context.Context, digest []byte) ([]byte, error)
}

// KeySigner is a Signer with one key.
type KeySigner struct {
	key Key
	pem string
	id  [sha256.Size]byte
}

// NewSigner signs statements with a key: ECDSA on P-256, or Ed25519.
func NewSigner(key Key) (*KeySigner, error) {
	switch k := key.Public().(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return nil, fmt.Errorf("the key is on curve %s, and must be on P-256", k.Params().Name)
		}
	case ed25519.PublicKey:
	default:
		return nil, fmt.Errorf("the key has type %T, and must be ECDSA or Ed25519", key.Public())
	}
	der, err := x509.MarshalPKIXPublicKey(key.Public())
	if err != nil {
		return nil, err
	}
	text := pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
	return &KeySigner{key: key, pem: string(text), id: sha256.Sum256(der)}, nil
}

// ID is sha256:HEX of the public key in PKIX form.
func (s *KeySigner) ID() string { return fmt.Sprintf("sha256:%x", s.id) }

// Identify implements Signer.
func (s *KeySigner) Identify(context.Context) (string, error) { return s.ID(), nil }

// Parallel implements Signer. Tokens and people sign one thing after another.
func (s *KeySigner) Parallel() int { return 1 }

// PublicKey is the key that verifies the signatures.
func (s *KeySigner) PublicKey() crypto.PublicKey { return s.key.Public() }

// Bundle implements Signer. The bundle has no timestamp and no entry of a
// transparency log.
func (s *KeySigner) Bundle(ctx context.Context, payload []byte) ([]byte, error) {
	b, err := sign.Bundle(&sign.DSSEData{Data: payload, PayloadType: statement.PayloadType},
		keypair{s}, sign.BundleOptions{Context: ctx})
	if err != nil {
		return nil, err
	}
	raw, err := compact(b)
	if err != nil {
		return nil, err
	}
	// The verifier accepts only this form.
	signature := b.GetDsseEnvelope().GetSignatures()[0].GetSig()
	return raw, statement.ExactBundle(raw, statement.KeyHint(s.id), payload, signature)
}

// compact encodes a bundle. protojson adds random white space, so that programs
// do not depend on its exact form.
func compact(b *protobundle.Bundle) ([]byte, error) {
	raw, err := protojson.Marshal(b)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	err = json.Compact(&out, raw)
	return out.Bytes(), err
}

// keypair implements the interface that sigstore-go's sign.Bundle requires.
type keypair struct{ *KeySigner }

func (k keypair) ed25519() bool {
	_, ok := k.PublicKey().(ed25519.PublicKey)
	return ok
}

func (k keypair) GetHashAlgorithm() protocommon.HashAlgorithm {
	if k.ed25519() {
		return protocommon.HashAlgorithm_SHA2_512
	}
	return protocommon.HashAlgorithm_SHA2_256
}

func (k keypair) GetSigningAlgorithm() protocommon.PublicKeyDetails {
	if k.ed25519() {
		return protocommon.PublicKeyDetails_PKIX_ED25519
	}
	return protocommon.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256
}

// GetHint is the name of the key in a bundle, in cosign's form.
func (k keypair) GetHint() []byte {
	return []byte(statement.KeyHint(k.id))
}

func (k keypair) GetKeyAlgorithm() string {
	if k.ed25519() {
		return "ED25519"
	}
	return "ECDSA"
}

func (k keypair) GetPublicKey() crypto.PublicKey { return k.PublicKey() }

func (k keypair) GetPublicKeyPem() (string, error) { return k.pem, nil }

// SignData signs, and checks the signature: a service or a token can use another
// key than its public key says. The second result is what sign.Bundle calls the
// digest.
func (k keypair) SignData(ctx context.Context, data []byte) (signature, signed []byte, err error) {
	signature, err = k.key.SignMessage(ctx, data)
	if err != nil {
		return nil, nil, err
	}
	sum := sha256.Sum256(data)
	signed, valid := sum[:], false
	switch pub := k.PublicKey().(type) {
	case *ecdsa.PublicKey:
		valid = ecdsa.VerifyASN1(pub, signed, signature)
	case ed25519.PublicKey:
		signed, valid = data, ed25519.Verify(pub, data, signature)
	}
	if !valid {
		return nil, nil, errors.New("the signature does not match the public key: the signer uses another key, or another form of signature")
	}
	return signature, signed, nil
}
