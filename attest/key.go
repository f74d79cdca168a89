package attest

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/secure-systems-lab/go-securesystemslib/encrypted"
	"github.com/sigstore/cosign/v2/pkg/cosign"

	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/atomicfile"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/turns"
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

// plainKey is the type of a private key that is not encrypted (PKCS #8).
const plainKey = "PRIVATE KEY"

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

// LoadKey reads a private key: in cosign's encrypted format, as `seaworthy key
// generate` and `cosign generate-key-pair` write it, or in plain PKCS #8 PEM.
// The password is requested once, and only if the key is encrypted. A file
// without such a key, and a wrong password, are ErrInput.
func LoadKey(path string, password func() ([]byte, error)) (Key, error) {
	bad := func(what, next string, err error) error {
		return system.BadInput("key %s %s", path, what).Because(err).Suggest("%s", next)
	}
	raw, err := bounded.ReadFile(path, maxKey)
	if err != nil {
		return nil, bad("cannot be read", "make one with `seaworthy key generate`", err)
	}
	block, _ := pem.Decode(bytes.TrimSpace(raw))
	var der []byte
	switch {
	case block != nil && block.Type == plainKey:
		der = block.Bytes
	case block != nil && (block.Type == cosignKey || block.Type == sigstoreKey):
		secret, err := password()
		if err != nil {
			return nil, bad("needs a password", "set COSIGN_PASSWORD", err)
		}
		done := turns.Take() // scrypt takes 64 MiB
		der, err = encrypted.Decrypt(block.Bytes, secret)
		done()
		if err != nil {
			return nil, bad("cannot be decrypted: the password is wrong, or the file is damaged", "set COSIGN_PASSWORD to the key's password", nil)
		}
	default:
		return nil, bad("is not a private key in cosign's format or in PKCS #8 PEM",
			"make one with `seaworthy key generate`, or import one with `cosign import-key-pair`", nil)
	}
	parsed, err := x509.ParsePKCS8PrivateKey(der)
	if err != nil {
		return nil, bad("does not contain a private key", "make one with `seaworthy key generate`", err)
	}
	key, err := NewKey(parsed)
	if err != nil {
		return nil, bad("cannot be used", "use an ECDSA P-256 or Ed25519 key", err)
	}
	return key, nil
}

// LoadSigner is LoadKey, and signs statements with the key.
func LoadSigner(path string, password func() ([]byte, error)) (*KeySigner, error) {
	key, err := LoadKey(path, password)
	if err != nil {
		return nil, err
	}
	s, err := NewSigner(key)
	if err != nil {
		return nil, system.BadInput("key %s cannot be used", path).Because(err).Suggest("use an ECDSA P-256 or Ed25519 key")
	}
	return s, nil
}

// memory is a key in memory. It signs without randomness: ECDSA as in RFC 6979.
type memory struct{ crypto.Signer }

// NewKey is a Key in memory: *ecdsa.PrivateKey, *rsa.PrivateKey or
// ed25519.PrivateKey.
func NewKey(key crypto.PrivateKey) (Key, error) {
	switch k := key.(type) {
	case *ecdsa.PrivateKey:
		return memory{k}, nil
	case *rsa.PrivateKey:
		return memory{k}, nil
	case ed25519.PrivateKey:
		return memory{k}, nil
	}
	return nil, fmt.Errorf("the key has type %T, and must be ECDSA, Ed25519 or RSA", key)
}

func (m memory) SignMessage(ctx context.Context, message []byte) ([]byte, error) {
	if _, ok := m.Signer.(ed25519.PrivateKey); ok {
		return m.Sign(nil, message, crypto.Hash(0))
	}
	sum := sha256.Sum256(message)
	return m.SignDigest(ctx, sum[:])
}

func (m memory) SignDigest(_ context.Context, digest []byte) ([]byte, error) {
	return m.Sign(nil, digest, crypto.SHA256)
}
