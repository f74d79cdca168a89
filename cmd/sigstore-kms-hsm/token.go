package main

import (
	"context"
	"crypto"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"strconv"
	"strings"

	"github.com/ThalesGroup/crypto11"
	"github.com/sigstore/sigstore/pkg/signature"
	"github.com/stefanberger/go-pkcs11uri"
)

// The environment variables of the plugin, used if the reference does not have the
// value.
const (
	moduleEnv = "PKCS11_MODULE_PATH"
	pinEnv    = "PKCS11_PIN"
)

// key is a key pair in a token. It implements the interface of a KMS.
type key struct {
	signer crypto11.Signer
	token  *crypto11.Context
	hash   crypto.Hash
}

// open finds the key that a reference names: a PKCS #11 URI (RFC 7512) without its
// scheme. hash is for messages.
func open(reference string, hash crypto.Hash) (*key, error) {
	uri := pkcs11uri.New()
	if err := uri.Parse("pkcs11:" + reference); err != nil {
		return nil, err
	}
	config, err := configuration(uri)
	if err != nil {
		return nil, err
	}
	id, hasID := uri.GetPathAttribute("id", false)
	label, hasLabel := uri.GetPathAttribute("object", false)
	if !hasID && !hasLabel {
		return nil, errors.New("the reference names no key: add object=LABEL or id=%01")
	}
	token, err := crypto11.Configure(config)
	if err != nil {
		return nil, fmt.Errorf("the token cannot be opened: %w", err)
	}
	signer, err := find(token, bytesOf(id, hasID), bytesOf(label, hasLabel))
	if err != nil {
		return nil, errors.Join(err, token.Close())
	}
	return &key{signer, token, hash}, nil
}

func bytesOf(s string, given bool) []byte {
	if !given {
		return nil
	}
	return []byte(s)
}

// find requires exactly one key pair: with two of the same label, the choice would
// be random.
func find(token *crypto11.Context, id, label []byte) (crypto11.Signer, error) {
	pairs, err := token.FindKeyPairs(id, label)
	if err != nil {
		return nil, fmt.Errorf("the key cannot be read: %w", err)
	}
	if len(pairs) != 1 {
		return nil, fmt.Errorf("the token has %d key pairs of this name, and must have one with its public key", len(pairs))
	}
	return pairs[0], nil
}

// configuration says which module, token and PIN to use.
func configuration(uri *pkcs11uri.Pkcs11URI) (*crypto11.Config, error) {
	c := &crypto11.Config{Path: os.Getenv(moduleEnv), Pin: os.Getenv(pinEnv)}
	if path, ok := uri.GetQueryAttribute("module-path", false); ok {
		c.Path = path
	}
	if c.Path == "" {
		return nil, fmt.Errorf("no PKCS #11 module is given: set %s, or add ?module-path=/usr/lib/….so", moduleEnv)
	}
	if _, ok := uri.GetQueryAttribute("pin-value", false); ok {
		return nil, fmt.Errorf("the reference contains a PIN, and all users of this machine can read it: use %s or pin-source=/FILE", pinEnv)
	}
	if uri.HasPIN() {
		pin, err := uri.GetPIN()
		if err != nil {
			return nil, err
		}
		c.Pin = strings.TrimRight(pin, "\r\n")
	}
	if c.Pin == "" {
		return nil, fmt.Errorf("no PIN is given: set %s, or add ?pin-source=/FILE", pinEnv)
	}
	named := 0
	if label, ok := uri.GetPathAttribute("token", false); ok {
		c.TokenLabel, named = label, named+1
	}
	if serial, ok := uri.GetPathAttribute("serial", false); ok {
		c.TokenSerial, named = serial, named+1
	}
	if slot, ok := uri.GetPathAttribute("slot-id", false); ok {
		n, err := strconv.Atoi(slot)
		if err != nil {
			return nil, fmt.Errorf("slot-id: %w", err)
		}
		c.SlotNumber, named = &n, named+1
	}
	if named != 1 {
		return nil, errors.New("the reference must name the token by exactly one of token=, serial= and slot-id=")
	}
	return c, nil
}

func (k *key) close() { _ = k.token.Close() }

// PublicKey implements the interface of a KMS.
func (k *key) PublicKey(...signature.PublicKeyOption) (crypto.PublicKey, error) {
	return k.signer.Public(), nil
}

// SignMessage implements the interface of a KMS. It signs a digest instead if the
// options have one.
func (k *key) SignMessage(message io.Reader, opts ...signature.SignOption) ([]byte, error) {
	digest, hash, err := signature.ComputeDigestForSigning(message, k.hash, []crypto.Hash{crypto.SHA256, crypto.SHA384, crypto.SHA512}, opts...)
	if err != nil {
		return nil, err
	}
	return k.signer.Sign(rand.Reader, digest, hash)
}

// VerifySignature implements the interface of a KMS.
func (k *key) VerifySignature(sig, message io.Reader, opts ...signature.VerifyOption) error {
	v, err := signature.LoadVerifier(k.signer.Public(), k.hash)
	if err != nil {
		return err
	}
	return v.VerifySignature(sig, message, opts...)
}

// CryptoSigner implements the interface of a KMS.
func (k *key) CryptoSigner(context.Context, func(error)) (crypto.Signer, crypto.SignerOpts, error) {
	return k.signer, k.hash, nil
}

// CreateKey implements the interface of a KMS.
func (*key) CreateKey(context.Context, string) (crypto.PublicKey, error) {
	return nil, errors.New("this plugin makes no keys: use the tool of the token, for example pkcs11-tool --keypairgen")
}

// SupportedAlgorithms implements the interface of a KMS.
func (*key) SupportedAlgorithms() []string { return nil }

// DefaultAlgorithm implements the interface of a KMS.
func (*key) DefaultAlgorithm() string { return "" }
