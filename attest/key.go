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
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
	"github.com/sigstore/cosign/v2/pkg/cosign"
	protocommon "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// The files that GenerateKey writes.
const (
	PrivateKeyFile = "seaworthy.key"
	PublicKeyFile  = "seaworthy.pub"
)

// The types of cosign's private keys; the second is what it writes.
const (
	cosignKey   = "ENCRYPTED COSIGN PRIVATE KEY"
	sigstoreKey = "ENCRYPTED SIGSTORE PRIVATE KEY"
)

// maxKey is the largest size of a key file. Keys of cosign have less than 1
// KiB.
const maxKey = 64 << 10

// GenerateKey makes an ECDSA P-256 key in cosign's format: dir/seaworthy.key,
// encrypted with the password (which may be empty) and readable by its owner
// only, and dir/seaworthy.pub. It never replaces a file: if one of them exists
// or cannot be written, it leaves neither behind (ErrInput, ErrUnusable).
func GenerateKey(dir string, password []byte) error {
	private, public, err := newKeyPair(password)
	if err != nil {
		return system.Unusable("the key pair cannot be generated").Because(err)
	}
	if err := os.MkdirAll(dir, 0o777); err != nil {
		return system.Unusable("the folder for the key cannot be created").Because(err)
	}
	keyPath, pubPath := filepath.Join(dir, PrivateKeyFile), filepath.Join(dir, PublicKeyFile)
	if err := writeNew(keyPath, private, 0o600); err != nil {
		return err
	}
	if err := writeNew(pubPath, public, 0o644); err != nil {
		return errors.Join(err, os.Remove(keyPath))
	}
	return nil
}

// newKeyPair makes the private and the public key as `cosign generate-key-pair`
// does.
func newKeyPair(password []byte) (private, public []byte, err error) {
	keys, err := cosign.GenerateKeyPair(func(bool) ([]byte, error) { return password, nil })
	if err != nil {
		return nil, nil, err
	}
	return keys.PrivateBytes, keys.PublicBytes, nil
}

// writeNew writes a key file. It never replaces a file.
func writeNew(path string, content []byte, mode os.FileMode) error {
	switch err := atomicfile.WriteNew(path, content, mode); {
	case errors.Is(err, os.ErrExist):
		return system.BadInput("%s exists already", path).Suggest("move the key, or give another --output-dir: seaworthy never replaces a key")
	case err != nil:
		return system.Unusable("%s cannot be written", path).Because(err)
	}
	return nil
}

// Signer signs statements with one key.
type Signer struct {
	key crypto.Signer
	pem string
	id  [sha256.Size]byte
}

// LoadSigner reads a private key in cosign's encrypted format, as `seaworthy
// key generate` and `cosign generate-key-pair` write it. The key is ECDSA P-256
// or Ed25519. The password is requested once, and only if the file is a key. A
// file without such a key, and a wrong password, are ErrInput.
func LoadSigner(path string, password func() ([]byte, error)) (*Signer, error) {
	bad := func(what, next string, err error) error {
		return system.BadInput("key %s %s", path, what).Because(err).Suggest("%s", next)
	}
	raw, err := bounded.ReadFile(path, maxKey)
	if err != nil {
		return nil, bad("cannot be read", "make one with `seaworthy key generate`", err)
	}
	block, _ := pem.Decode(bytes.TrimSpace(raw))
	if block == nil || (block.Type != cosignKey && block.Type != sigstoreKey) {
		return nil, bad("is not an encrypted private key in cosign's format",
			"make one with `seaworthy key generate`, or import one with `cosign import-key-pair`", nil)
	}
	secret, err := password()
	if err != nil {
		return nil, bad("needs a password", "set COSIGN_PASSWORD", err)
	}
	der, err := encrypted.Decrypt(block.Bytes, secret)
	if err != nil {
		return nil, bad("cannot be decrypted: the password is wrong, or the file is damaged", "set COSIGN_PASSWORD to the key's password", nil)
	}
	key, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, bad("does not contain a private key", "make one with `seaworthy key generate`", err)
	}
	s, err := NewSigner(key)
	if err != nil {
		return nil, bad("cannot be used", "use an ECDSA P-256 or Ed25519 key", err)
	}
	return s, nil
}

// NewSigner signs with the given key: *ecdsa.PrivateKey on P-256, or
// ed25519.PrivateKey.
func NewSigner(key crypto.PrivateKey) (*Signer, error) {
	s := &Signer{}
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		if k.Curve != elliptic.P256() {
			return nil, fmt.Errorf("the key is on curve %s, and must be on P-256", k.Params().Name)
		}
		s.key = k
	case ed25519.PrivateKey:
		s.key = k
	default:
		return nil, fmt.Errorf("the key has type %T, and must be ECDSA or Ed25519", key)
	}
	der, err := x509.MarshalPKIXPublicKey(s.key.Public())
	if err != nil {
		return nil, err
	}
	s.id = sha256.Sum256(der)
	p, err := publicPEM(s.key.Public())
	s.pem = string(p)
	return s, err
}

func publicPEM(key crypto.PublicKey) ([]byte, error) {
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return nil, err
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der}), nil
}

// ID is the sha256:HEX of the public key in PKIX form. Reports use it to name
// the key.
func (s *Signer) ID() string { return fmt.Sprintf("sha256:%x", s.id) }

// PublicKey is the key that verifies the signatures.
func (s *Signer) PublicKey() crypto.PublicKey { return s.key.Public() }

// keypair implements the interface that sigstore-go's sign.Bundle requires.
type keypair struct{ *Signer }

func (k keypair) ed25519() bool {
	_, ok := k.key.(ed25519.PrivateKey)
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

func (k keypair) GetPublicKey() crypto.PublicKey { return k.key.Public() }

func (k keypair) GetPublicKeyPem() (string, error) { return k.pem, nil }

// SignData signs without randomness: ECDSA as in RFC 6979.
func (k keypair) SignData(_ context.Context, data []byte) (signature, signed []byte, err error) {
	if k.ed25519() {
		signature, err = k.key.Sign(nil, data, crypto.Hash(0))
		return signature, data, err
	}
	sum := sha256.Sum256(data)
	signature, err = k.key.Sign(nil, sum[:], crypto.SHA256)
	return signature, sum[:], err
}
