package attest_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

func TestSignArtifact(t *testing.T) {
	t.Parallel()
	digest, other := "sha256:"+strings.Repeat("1", 64), "sha256:"+strings.Repeat("2", 64)
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecKey, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	var keys []crypto.PublicKey
	var bundles [][]byte
	for _, key := range []crypto.PrivateKey{edKey, ecKey} {
		k, err := attest.NewKey(key)
		if err != nil {
			t.Fatal(err)
		}
		s, err := attest.NewSigner(k)
		if err != nil {
			t.Fatal(err)
		}
		raw, err := attest.SignArtifact(context.Background(), "example.org/rules", digest, s)
		if err != nil {
			t.Fatal(err)
		}
		keys, bundles = append(keys, s.PublicKey()), append(bundles, raw)
		if err := verify.Artifact("it", digest, [][]byte{[]byte("{}"), nil, raw}, verify.Signers{Keys: keys[len(keys)-1:]}); err != nil {
			t.Error(err)
		}
	}
	flipped := bytes.Clone(bundles[0])
	flipped[bytes.Index(flipped, []byte(`"payload":"`))+30] ^= 1
	for name, c := range map[string]struct {
		digest  string
		bundles [][]byte
		keys    []crypto.PublicKey
		kind    error
		word    string
	}{
		"no signature":  {digest, nil, keys, system.ErrMismatch, "not signed"},
		"no key":        {digest, bundles, nil, system.ErrInput, "no public key"},
		"another key":   {digest, bundles[:1], keys[1:], system.ErrMismatch, "another key"},
		"another thing": {other, bundles, keys, system.ErrMismatch, "covers another artifact"},
		"flipped":       {digest, [][]byte{flipped}, keys, system.ErrMismatch, ""},
		"large":         {digest, [][]byte{make([]byte, verify.MaxArtifactBundle+1)}, keys, system.ErrMismatch, "larger than"},
	} {
		err := verify.Artifact("it", c.digest, c.bundles, verify.Signers{Keys: c.keys})
		if !errors.Is(err, c.kind) || !strings.Contains(err.Error(), c.word) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := attest.SignArtifact(context.Background(), "x", "sha1:x", nil); err == nil {
		t.Error("an invalid digest was signed")
	}
}
