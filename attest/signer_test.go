package attest_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

func ecKey(t *testing.T, curve elliptic.Curve) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(curve, rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func rsaKey(t *testing.T) *rsa.PrivateKey {
	t.Helper()
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// keyFile writes a key in PKCS #8 PEM.
func keyFile(t *testing.T, key crypto.PrivateKey) string {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "key.pem")
	if err := os.WriteFile(path, pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der}), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// A key that is not encrypted is loaded without a password.
func TestPlainKeys(t *testing.T) {
	t.Parallel()
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	never := func() ([]byte, error) { t.Error("asked for a password"); return nil, nil }
	for name, c := range map[string]struct {
		key  crypto.PrivateKey
		want string
	}{
		"P-256":   {ecKey(t, elliptic.P256()), ""},
		"Ed25519": {ed, ""},
		"P-384":   {ecKey(t, elliptic.P384()), "P-256"},
		"RSA":     {rsaKey(t), "must be ECDSA or Ed25519"},
	} {
		s, err := attest.LoadSigner(keyFile(t, c.key), never)
		if c.want != "" {
			if !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), c.want) {
				t.Errorf("%s: %v", name, err)
			}
			continue
		}
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if err := signs(t, s, s.PublicKey()); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// signs signs an artifact, and verifies the signature with a public key.
func signs(t *testing.T, s attest.Signer, public crypto.PublicKey) error {
	t.Helper()
	raw, err := attest.SignArtifact(t.Context(), "it", sum("1"), s)
	if err != nil {
		return err
	}
	return verify.Artifact("it", sum("1"), [][]byte{raw}, verify.Signers{Keys: []crypto.PublicKey{public}})
}

// keySigns signs with a key behind a program, as signs does.
func keySigns(t *testing.T, k attest.Key, public crypto.PublicKey) error {
	t.Helper()
	s, err := attest.NewSigner(k)
	if err != nil {
		t.Fatal(err)
	}
	return signs(t, s, public)
}

// liar has one public key and signs with another key.
type liar struct {
	attest.Key
	public crypto.PublicKey
}

func (l liar) Public() crypto.PublicKey { return l.public }

// failing cannot sign, and says what to do.
type failing struct{ attest.Key }

func (failing) SignMessage(context.Context, []byte) ([]byte, error) {
	return nil, system.BadInput("the token is not there").Suggest("insert the token")
}

func TestSignerChecksItsKey(t *testing.T) {
	t.Parallel()
	key, err := attest.NewKey(ecKey(t, elliptic.P256()))
	if err != nil {
		t.Fatal(err)
	}
	s, err := attest.NewSigner(liar{key, &ecKey(t, elliptic.P256()).PublicKey})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := attest.SignArtifact(t.Context(), "it", sum("1"), s); !errors.Is(err, system.ErrUnusable) || !strings.Contains(err.Error(), "does not match the public key") {
		t.Errorf("a signature by another key: %v", err)
	}
	if s, err = attest.NewSigner(failing{key}); err != nil {
		t.Fatal(err)
	}
	var e *system.Error
	if _, err := attest.SignArtifact(t.Context(), "it", sum("1"), s); !errors.Is(err, system.ErrInput) || !errors.As(err, &e) || e.Next != "insert the token" {
		t.Errorf("the signer's error: %v", err)
	}
}

func sum(digit string) string { return "sha256:" + strings.Repeat(digit, 64) }
