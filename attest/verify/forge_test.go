package verify_test

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"math/big"
	"os"
	"path/filepath"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
)

// forger has the trusted key, and signs anything.
type forger struct {
	*attest.KeySigner
	key *ecdsa.PrivateKey
}

func newForger(t *testing.T) *forger {
	t.Helper()
	s, key := sealtest.SignerWithKey(t)
	return &forger{KeySigner: s, key: key}
}

type object = map[string]any

// bundle is a bundle's JSON for editing in tests.
type bundle struct {
	MediaType            string `json:"mediaType"`
	VerificationMaterial object `json:"verificationMaterial"`
	DSSEEnvelope         struct {
		Payload     []byte   `json:"payload"`
		PayloadType string   `json:"payloadType"`
		Signatures  []object `json:"signatures"`
	} `json:"dsseEnvelope"`
}

func readBundle(t *testing.T, dir, stem string) *bundle {
	t.Helper()
	raw, err := os.ReadFile(filepath.Join(dir, statement.BundlePath(stem)))
	if err != nil {
		t.Fatal(err)
	}
	var b bundle
	if err := json.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	return &b
}

func (b *bundle) write(t *testing.T, dir, stem string) {
	t.Helper()
	raw, err := json.Marshal(b)
	if err != nil {
		t.Fatal(err)
	}
	put(t, filepath.Join(dir, statement.BundlePath(stem)), raw)
}

// put replaces or creates a file.
func put(t *testing.T, path string, content []byte) {
	t.Helper()
	if err := os.Remove(path); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Fatal(err)
	}
	if err := errors.Join(os.MkdirAll(filepath.Dir(path), 0o755), os.WriteFile(path, content, 0o644)); err != nil {
		t.Fatal(err)
	}
}

func copyFile(t *testing.T, from, to string) {
	t.Helper()
	raw, err := os.ReadFile(from)
	if err != nil {
		t.Fatal(err)
	}
	put(t, to, raw)
}

func (f *forger) sign(payloadType string, payload []byte) []byte {
	pae := fmt.Sprintf("DSSEv1 %d %s %d %s", len(payloadType), payloadType, len(payload), payload)
	sum := sha256.Sum256([]byte(pae))
	sig, err := ecdsa.SignASN1(rand.Reader, f.key, sum[:])
	if err != nil {
		panic(err)
	}
	return sig
}

// edit changes a statement and signs it again with the trusted key.
func (f *forger) edit(t *testing.T, dir, stem string, change func(st, predicate object)) {
	t.Helper()
	b := readBundle(t, dir, stem)
	var st object
	if err := json.Unmarshal(b.DSSEEnvelope.Payload, &st); err != nil {
		t.Fatal(err)
	}
	change(st, st["predicate"].(object))
	raw, err := json.Marshal(st)
	if err != nil {
		t.Fatal(err)
	}
	f.raw(t, dir, stem, raw)
}

// raw signs a payload unchanged.
func (f *forger) raw(t *testing.T, dir, stem string, payload []byte) {
	t.Helper()
	b := readBundle(t, dir, stem)
	b.DSSEEnvelope.Payload = payload
	b.DSSEEnvelope.Signatures = []object{{"sig": f.sign(b.DSSEEnvelope.PayloadType, payload)}}
	b.write(t, dir, stem)
}

// formats sets the formats of the image in a provenance.
func formats(provenance object, names ...any) {
	provenance["buildDefinition"].(object)["externalParameters"].(object)["parameters"].(object)["format"] = names
}

func imageStems() []string {
	return []string{"spdx", "cyclonedx", "provenance", "vsa", "test-result"}
}

// Everyone can write an ECDSA signature in its other form. The statement that it signs
// is the same, and so is the result.
func TestOtherForm(t *testing.T) {
	t.Parallel()
	s := sealtest.Signer(t)
	dir := sealtest.New("demo").Seal(t, s)
	b := readBundle(t, dir, "vsa")
	raw, err := base64.StdEncoding.DecodeString(b.DSSEEnvelope.Signatures[0]["sig"].(string))
	if err != nil {
		t.Fatal(err)
	}
	var sig struct{ R, S *big.Int }
	if _, err := asn1.Unmarshal(raw, &sig); err != nil {
		t.Fatal(err)
	}
	sig.S.Sub(elliptic.P256().Params().N, sig.S)
	other, err := asn1.Marshal(sig)
	if err != nil {
		t.Fatal(err)
	}
	b.DSSEEnvelope.Signatures[0]["sig"] = other
	b.write(t, dir, "vsa")
	v := verifier(t, s)
	// The layout has the bundle as it was: only a person who writes it again is not noticed.
	r, err := v.Dir(dir)
	refused(t, r, err, verify.CheckLayout, "is not a part of the image's OCI layout")
	relayout(t, dir)
	if r, err = v.Dir(dir); err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	if r.Summary.Policy != "hardened" || len(r.Signers) != 1 {
		t.Errorf("%+v", r.Summary)
	}
}
