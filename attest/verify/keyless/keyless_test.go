package keyless_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/sigstoretest"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/attest/verify/keyless"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

const (
	person   = sigstoretest.Person
	workflow = "https://github.com/o/r/.github/workflows/release.yml@refs/tags/v1"
)

var trusted = keyless.Identity{Issuer: sigstoretest.Issuer, Subject: person}

// signed is a bundle of a person, and the root that verifies it.
func signed(t testing.TB, change ...func(*sigstoretest.Sigstore, *attest.KeylessOptions)) (raw, root []byte) {
	t.Helper()
	s, o := sigstoretest.Start(t)
	defer s.Close() // verification needs no service
	for _, c := range change {
		c(s, &o)
	}
	k, err := attest.NewKeyless(o)
	if err != nil {
		t.Fatal(err)
	}
	if raw, err = attest.SignArtifact(t.Context(), "it", digest, k); err != nil {
		t.Fatal(err)
	}
	return raw, o.TrustedRoot
}

const digest = "sha256:1111111111111111111111111111111111111111111111111111111111111111"

func verifier(t testing.TB, root []byte, ids ...keyless.Identity) *keyless.Verifier {
	t.Helper()
	v, err := keyless.New(root, ids...)
	if err != nil {
		t.Fatal(err)
	}
	return v
}

func TestVerify(t *testing.T) {
	t.Parallel()
	raw, root := signed(t)
	sig, err := verifier(t, root, keyless.Identity{Issuer: "other", Subject: "x"}, trusted).Verify(raw, time.Now())
	if err != nil {
		t.Fatal(err)
	}
	if sig.Issuer != sigstoretest.Issuer || sig.Subject != person || time.Since(sig.Time).Abs() > time.Hour || !bytes.Contains(sig.Payload, []byte(digest[7:])) {
		t.Errorf("%s, %s, %v, %s", sig.Issuer, sig.Subject, sig.Time, sig.Payload)
	}
	// The certificate has expired when a machine boots a year later.
	if _, err := verifier(t, root, trusted).Verify(raw, time.Now().AddDate(5, 0, 0)); err != nil {
		t.Errorf("years later: %v", err)
	}
	if _, err := verifier(t, root, trusted).Verify(raw, time.Now().Add(-time.Hour)); err == nil || !strings.Contains(err.Error(), "later than the current time") {
		t.Errorf("before it was signed: %v", err)
	}
}

func TestIdentities(t *testing.T) {
	t.Parallel()
	raw, root := signed(t, func(s *sigstoretest.Sigstore, o *attest.KeylessOptions) {
		s.Subject, o.Subject = workflow, workflow
	})
	tags := strings.TrimSuffix(workflow, "v1") + "*"
	for id, ok := range map[keyless.Identity]bool{
		{Issuer: sigstoretest.Issuer, Subject: workflow}:                  true,
		{Issuer: sigstoretest.Issuer, Subject: tags}:                      true,
		{Issuer: sigstoretest.Issuer, Subject: workflow + "0"}:            false,
		{Issuer: sigstoretest.Issuer, Subject: workflow[:20]}:             false,
		{Issuer: sigstoretest.Issuer + "/", Subject: workflow}:            false,
		{Issuer: "https://issuer.example.*", Subject: workflow}:           false,
		{Issuer: sigstoretest.Issuer, Subject: strings.ToUpper(workflow)}: false,
	} {
		_, err := verifier(t, root, id).Verify(raw, time.Now())
		if ok != (err == nil) || err != nil && !strings.Contains(err.Error(), "it is signed by "+workflow+" ("+sigstoretest.Issuer+"), which is not a trusted identity") {
			t.Errorf("%v: %v", id, err)
		}
	}
	for _, id := range []keyless.Identity{{}, {Issuer: "x"}, {Subject: "x"}, {Issuer: "x", Subject: "*"}} {
		if _, err := keyless.New(root, id); !errors.Is(err, system.ErrInput) {
			t.Errorf("%+v: %v", id, err)
		}
	}
	if _, err := keyless.New(root); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "no identity") {
		t.Errorf("no identity: %v", err)
	}
}

func TestRoots(t *testing.T) {
	t.Parallel()
	_, root := signed(t)
	for name, c := range map[string]struct{ raw, want string }{
		"empty":    {"", "trusted root cannot be used"},
		"no roots": {`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=0.1"}`, "no certificate authority"},
		"no time":  {without(t, root, "timestampAuthorities", "tlogs"), "neither a timestamp authority nor"},
		"unknown":  {`{"mediaType":"application/vnd.dev.sigstore.trustedroot+json;version=9.1"}`, "media type"},
	} {
		if _, err := keyless.New([]byte(c.raw), trusted); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := keyless.Load("/no/such/root.json", trusted); !errors.Is(err, system.ErrInput) {
		t.Errorf("no file: %v", err)
	}
}

// without removes members of a JSON object.
func without(t testing.TB, raw []byte, names ...string) string {
	t.Helper()
	var m map[string]json.RawMessage
	if err := json.Unmarshal(raw, &m); err != nil {
		t.Fatal(err)
	}
	for _, n := range names {
		delete(m, n)
	}
	out, err := json.Marshal(m)
	if err != nil {
		t.Fatal(err)
	}
	return string(out)
}

// Each attack is refused with its true reason.
func TestAttacks(t *testing.T) {
	t.Parallel()
	raw, root := signed(t)
	other, otherRoot := signed(t)
	var stranger protobundle.Bundle
	if err := protojson.Unmarshal(other, &stranger); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct {
		change func(b *protobundle.Bundle)
		want   string
	}{
		"no log entry": {func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries = nil }, "has no entry of a trusted transparency log"},
		"no timestamp": {func(b *protobundle.Bundle) { b.VerificationMaterial.TimestampVerificationData = nil }, "has no timestamp of a trusted authority"},
		"another log entry": {func(b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries = stranger.VerificationMaterial.TlogEntries
		}, "has no entry of a trusted transparency log"},
		"two log entries": {func(b *protobundle.Bundle) {
			m := b.VerificationMaterial
			m.TlogEntries = append(m.TlogEntries, stranger.VerificationMaterial.TlogEntries...)
		}, "may have one"},
		"another timestamp": {func(b *protobundle.Bundle) {
			b.VerificationMaterial.TimestampVerificationData = stranger.VerificationMaterial.TimestampVerificationData
		}, "has no timestamp of a trusted authority"},
		"a further timestamp": {func(b *protobundle.Bundle) {
			d := b.VerificationMaterial.TimestampVerificationData
			d.Rfc3161Timestamps = append(d.Rfc3161Timestamps, stranger.VerificationMaterial.TimestampVerificationData.Rfc3161Timestamps...)
		}, "are not from a trusted authority"},
		"another certificate": {func(b *protobundle.Bundle) { b.VerificationMaterial.Content = stranger.VerificationMaterial.Content }, "log"},
		"another payload": {func(b *protobundle.Bundle) {
			b.GetDsseEnvelope().Payload = bytes.ReplaceAll(b.GetDsseEnvelope().Payload, []byte("1111"), []byte("2222"))
		}, "log"},
		"another type": {func(b *protobundle.Bundle) { b.GetDsseEnvelope().PayloadType = "text/plain" }, "payload type"},
		"a key ID":     {func(b *protobundle.Bundle) { b.GetDsseEnvelope().Signatures[0].Keyid = "mine" }, "neither signed nor checked"},
		"two signatures": {func(b *protobundle.Bundle) {
			e := b.GetDsseEnvelope()
			e.Signatures = append(e.Signatures, e.Signatures[0])
		}, "has 2 signatures"},
		"a key": {func(b *protobundle.Bundle) {
			b.VerificationMaterial.Content = &protobundle.VerificationMaterial_PublicKey{}
		}, "has no certificate"},
		"old version":       {func(b *protobundle.Bundle) { b.MediaType = "application/vnd.dev.sigstore.bundle+json;version=0.1" }, "media type"},
		"another tree size": {func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries[0].InclusionProof.TreeSize++ }, "not that of its checkpoint"},
		"another root hash": {func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries[0].InclusionProof.RootHash[0]++ }, "not that of its checkpoint"},
		"another body": {func(b *protobundle.Bundle) {
			b.VerificationMaterial.TlogEntries[0].CanonicalizedBody = []byte(`{"kind":"hashedrekord","apiVersion":"0.0.2"}`)
		}, "log"},
		"a time of the log": {func(b *protobundle.Bundle) { b.VerificationMaterial.TlogEntries[0].IntegratedTime = time.Now().Unix() }, "log"},
	} {
		var b protobundle.Bundle
		if err := protojson.Unmarshal(raw, &b); err != nil {
			t.Fatal(err)
		}
		c.change(&b)
		changed, err := protojson.Marshal(&b)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := verifier(t, root, trusted).Verify(changed, time.Now()); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	if _, err := verifier(t, otherRoot, trusted).Verify(raw, time.Now()); err == nil {
		t.Error("a signature of another Sigstore is accepted")
	}
	noLogs := without(t, root, "tlogs")
	if _, err := verifier(t, []byte(noLogs), trusted).Verify(raw, time.Now()); err == nil || !strings.Contains(err.Error(), "no transparency log is trusted") {
		t.Errorf("a log entry that nothing verifies: %v", err)
	}
	for name, text := range map[string]string{
		"not JSON":        "{",
		"unknown member":  strings.Replace(string(raw), `{"mediaType"`, `{"x":1,"mediaType"`, 1),
		"member twice":    strings.Replace(string(raw), `{"mediaType"`, `{"mediaType":"","mediaType"`, 1),
		"URL-safe base64": urlSafe(string(raw)),
		"number for text": strings.Replace(string(raw), `"treeSize":"1"`, `"treeSize":1`, 1),
		"a null":          strings.Replace(string(raw), `{"mediaType"`, `{"messageSignature":null,"mediaType"`, 1),
	} {
		if text == string(raw) {
			t.Errorf("%s: nothing is changed", name)
		}
		if _, err := verifier(t, root, trusted).Verify([]byte(text), time.Now()); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
}

// urlSafe writes the certificate in the other alphabet, and without padding.
func urlSafe(raw string) string {
	_, rest, _ := strings.Cut(raw, `"rawBytes":"`)
	text, _, _ := strings.Cut(rest, `"`)
	der, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return raw
	}
	return strings.Replace(raw, text, base64.RawURLEncoding.EncodeToString(der), 1)
}

// No bit of a bundle can be changed.
func TestBitFlips(t *testing.T) {
	t.Parallel()
	raw, root := signed(t)
	v := verifier(t, root, trusted)
	if _, err := v.Verify(raw, time.Now()); err != nil {
		t.Fatal(err)
	}
	random := rand.New(rand.NewPCG(1, 2))
	for range 2000 {
		at, bit := random.IntN(len(raw)), byte(1)<<random.IntN(8)
		changed := bytes.Clone(raw)
		changed[at] ^= bit
		if _, err := v.Verify(changed, time.Now()); err == nil {
			t.Errorf("byte %d: %q instead of %q, in %q", at, changed[at], raw[at], raw[max(0, at-60):min(len(raw), at+20)])
		}
	}
	var b protobundle.Bundle
	if err := protojson.Unmarshal(raw, &b); err != nil {
		t.Fatal(err)
	}
	m := b.VerificationMaterial
	for name, part := range map[string][]byte{
		"certificate": m.GetCertificate().RawBytes, "timestamp": m.TimestampVerificationData.Rfc3161Timestamps[0].SignedTimestamp,
		"body": m.TlogEntries[0].CanonicalizedBody, "root": m.TlogEntries[0].InclusionProof.RootHash,
	} {
		for i := range 8 * len(part) {
			if name != "root" && i%5 != 0 { // they are long
				continue
			}
			part[i/8] ^= 1 << (i % 8)
			changed, err := protojson.Marshal(&b)
			part[i/8] ^= 1 << (i % 8)
			if err != nil {
				continue
			}
			if _, err := v.Verify(changed, time.Now()); err == nil {
				t.Errorf("%s: bit %d of byte %d is not checked", name, i%8, i/8)
			}
		}
	}
}

func FuzzVerify(f *testing.F) {
	raw, root := signed(f)
	v := verifier(f, root, trusted)
	f.Add(raw)
	f.Add([]byte(`{"mediaType":"application/vnd.dev.sigstore.bundle.v0.3+json"}`))
	f.Fuzz(func(t *testing.T, data []byte) {
		sig, err := v.Verify(data, time.Now())
		if err == nil && !bytes.Contains(sig.Payload, []byte(digest[7:])) {
			t.Errorf("accepted %q", data)
		}
	})
}

var _ verify.Keyless = (*keyless.Verifier)(nil)
