package verify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"
)

const good = `{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json",
 "verificationMaterial":{"publicKey":{"hint":"x"},"tlogEntries":[]},
 "dsseEnvelope":{"payload":"e30=","payloadType":"application/vnd.in-toto+json","signatures":[{"sig":"AAAA","keyid":""}]}}`

func TestParseBundle(t *testing.T) {
	t.Parallel()
	if e, err := parseBundle([]byte(good)); err != nil || string(e.payload) != "{}" || len(e.signature) != 3 {
		t.Fatalf("envelope %v, error %v", e, err)
	}
	for _, tt := range []struct{ name, old, new, want string }{
		{"media type", "bundle.v0.3+json", "bundle.v0.1+json", "media type"},
		{"no media type", `"mediaType"`, `"media"`, "media type"},
		{"no material", `"verificationMaterial"`, `"material"`, "no verification material"},
		{"certificate", `"publicKey":{"hint":"x"}`, `"certificate":{"rawBytes":"AAAA"}`, "certificate"},
		{"key and certificate", `"tlogEntries"`, `"certificate":{"rawBytes":"AAAA"},"tlogEntries"`, "certificate"},
		{"certificate chain", `"tlogEntries"`, `"x509CertificateChain":{},"tlogEntries"`, "certificate"},
		{"message signature", `"dsseEnvelope"`, `"messageSignature":{},"dsseEnvelope"`, "contains no statement"},
		{"no envelope", `"dsseEnvelope"`, `"dsse"`, "contains no statement"},
		{"payload type", "application/vnd.in-toto+json", "text/plain", "payload type"},
		{"no signature", `{"sig":"AAAA","keyid":""}`, ``, "0 signatures"},
		{"two signatures", `{"sig":"AAAA","keyid":""}`, `{"sig":"AAAA"},{"sig":"AAAA"}`, "2 signatures"},
		{"no payload", "e30=", "", "payload is empty"},
		{"not base64", "e30=", "!", "malformed"},
		{"twice", `"payload":`, `"payload":"e30=","payload":`, "duplicate member"},
		{"twice, by an escape", `"payload":`, `"\u0070ayload":"e30=","payload":`, "duplicate member"},
		{"twice, by letter case", `"signatures":`, `"SIGNATURES":[],"signatures":`, "duplicate member"},
		{"twice, by a folded letter", `"signatures":`, `"ſignatures":[],"signatures":`, "duplicate member"},
		{"something behind", `"keyid":""}]}}`, `"keyid":""}]}}{}`, "malformed"},
		{"cut off", `"keyid":""}]}}`, ``, "malformed"},
		{"deep", `"hint":"x"`, `"hint":` + strings.Repeat("[", 200) + strings.Repeat("]", 200), "nested deeper"},
	} {
		raw := strings.Replace(good, tt.old, tt.new, 1)
		if raw == good {
			t.Fatalf("%s changes nothing", tt.name)
		}
		if _, err := parseBundle([]byte(raw)); err == nil || !strings.Contains(err.Error(), tt.want) {
			t.Errorf("%s: error %v, want %q", tt.name, err, tt.want)
		}
	}
}

// A signature is valid for one payload type and one payload.
func TestSigner(t *testing.T) {
	t.Parallel()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := []crypto.PublicKey{key.Public()}
	for _, tt := range []struct {
		pae  string
		want int
	}{
		{"DSSEv1 28 application/vnd.in-toto+json 2 {}", 0},
		{"DSSEv1 28 application/vnd.in-toto+json 3 {} ", -1},
		{"DSSEv1 10 text/plain 2 {}", -1},
		{"{}", -1},
	} {
		sum := sha256.Sum256([]byte(tt.pae))
		sig, err := ecdsa.SignASN1(rand.Reader, key, sum[:])
		if err != nil {
			t.Fatal(err)
		}
		e := &envelope{payload: []byte("{}"), signature: sig}
		if got := e.signer(keys); got != tt.want {
			t.Errorf("signature over %q: signer %d, want %d", tt.pae, got, tt.want)
		}
	}
}

// Reading a bundle never panics, and never returns an envelope that differs
// from the members.
func FuzzParseBundle(f *testing.F) {
	f.Add([]byte(good))
	f.Add([]byte(`{"mediaType":`))
	f.Add([]byte(strings.Repeat(`{"a":`, 300)))
	f.Add([]byte(`{"\ud800":1,"a":[true,false,null,-1e9,"\\\""]}`))
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, raw []byte) {
		e, err := parseBundle(raw)
		if err != nil {
			return
		}
		if len(e.payload) == 0 {
			t.Error("empty payload accepted")
		}
		if e.signer([]crypto.PublicKey{key.Public()}) >= 0 {
			t.Error("signature by a key that never signed")
		}
		again := fmt.Sprintf(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json","verificationMaterial":{"publicKey":{}},`+
			`"dsseEnvelope":{"payload":%q,"payloadType":"application/vnd.in-toto+json","signatures":[{"sig":%q}]}}`,
			base64.StdEncoding.EncodeToString(e.payload), base64.StdEncoding.EncodeToString(e.signature))
		e2, err := parseBundle([]byte(again))
		if err != nil || string(e2.payload) != string(e.payload) || string(e2.signature) != string(e.signature) {
			t.Errorf("written again, it reads as %v, %v", e2, err)
		}
	})
}
