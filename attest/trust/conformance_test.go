package trust_test

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"

	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/sigstoretest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/trust"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/attest/verify/keyless"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

type object = map[string]any

// app is the image that the statements of these tests are about.
var app = trust.Image{Repository: "ghcr.io/example/app", Digests: []string{"sha256:" + strings.Repeat("1", 64)}}

// about is a statement about app.
func about(predicateType, predicate string) string {
	return `{"_type":"` + statement.Type + `","subject":[{"name":"app","digest":{"sha256":"` + strings.Repeat("1", 64) + `"}}],"predicateType":"` + predicateType + `","predicate":` + predicate + `}`
}

// loadTrust loads a policy in a folder.
func loadTrust(t testing.TB, dir, policy string) (*trust.Policy, error) {
	t.Helper()
	put(t, dir, "trust.yml", []byte(policy))
	return trust.Load(filepath.Join(dir, "trust.yml"), time.Now(), trust.WithKeyless(func(id trust.Identity) (verify.Keyless, error) {
		return keyless.Load(id.TrustedRoot, keyless.Identity{Issuer: id.Issuer, Subject: id.Subject})
	}))
}

func put(t testing.TB, dir, name string, data []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), data, 0o600); err != nil {
		t.Fatal(err)
	}
}

// conformer makes the bundles of one case. Its log has entries already, so a proof
// has several hashes.
type conformer struct {
	t *testing.T
	// s is the trusted Sigstore, and stranger another one.
	s, stranger *sigstoretest.Sigstore
	usual       sigstoretest.Bundle
	// at is when it was signed.
	at time.Time
}

func (c *conformer) sigstore() *sigstoretest.Sigstore {
	s, err := sigstoretest.New()
	if err != nil {
		c.t.Fatal(err)
	}
	s.Close() // the log and the authorities work without their server
	for range 5 {
		if _, err := s.Make(sigstoretest.Bundle{Payload: []byte("another entry"), Entry: sigstoretest.Rekor2}); err != nil {
			c.t.Fatal(err)
		}
	}
	return s
}

func (c *conformer) make(s *sigstoretest.Sigstore, change func(*sigstoretest.Bundle)) *protobundle.Bundle {
	c.t.Helper()
	b := c.usual
	if change != nil {
		change(&b)
	}
	out, err := s.Make(b)
	if err != nil {
		c.t.Fatal(err)
	}
	return out
}

// two are two bundles with the same key and certificate. change changes the second.
func (c *conformer) two(change func(*sigstoretest.Bundle)) (a, b *protobundle.Bundle) {
	c.t.Helper()
	a = c.make(c.s, nil)
	cert, err := x509.ParseCertificate(a.VerificationMaterial.GetCertificate().RawBytes)
	if err != nil {
		c.t.Fatal(err)
	}
	return a, c.make(c.s, func(b *sigstoretest.Bundle) {
		b.Cert = cert
		if change != nil {
			change(b)
		}
	})
}

func (c *conformer) stamp(s *sigstoretest.Sigstore, signature []byte, at time.Time, embed bool) *protobundle.TimestampVerificationData {
	c.t.Helper()
	raw, err := s.Stamp(signature, at, embed)
	if err != nil {
		c.t.Fatal(err)
	}
	return &protobundle.TimestampVerificationData{Rfc3161Timestamps: []*v1.RFC3161SignedTimestamp{{SignedTimestamp: raw}}}
}

func material(b *protobundle.Bundle) *protobundle.VerificationMaterial { return b.VerificationMaterial }
func entry(b *protobundle.Bundle) *protorekor.TransparencyLogEntry {
	return b.VerificationMaterial.TlogEntries[0]
}
func sig(b *protobundle.Bundle) *[]byte { return &b.GetDsseEnvelope().Signatures[0].Sig }

// note changes the lines of the checkpoint of a bundle's entry.
func note(b *protobundle.Bundle, change func(lines []string) []string) *protobundle.Bundle {
	p := entry(b).InclusionProof.Checkpoint
	p.Envelope = strings.Join(change(strings.Split(strings.TrimSuffix(p.Envelope, "\n"), "\n")), "\n") + "\n"
	return b
}

// signature changes the last signature of the checkpoint.
func signature(b *protobundle.Bundle, change func(raw []byte)) *protobundle.Bundle {
	return note(b, func(lines []string) []string {
		last := &lines[len(lines)-1]
		at := strings.LastIndexByte(*last, ' ') + 1
		raw, err := base64.StdEncoding.DecodeString((*last)[at:])
		if err != nil {
			return nil
		}
		change(raw)
		*last = (*last)[:at] + base64.StdEncoding.EncodeToString(raw)
		return lines
	})
}

// witness is a signature line of a checkpoint by another signer.
func witness(name string) string {
	return "— " + name + " " + base64.StdEncoding.EncodeToString(bytes.Repeat([]byte{7}, 68))
}

// managed replaces the certificate by a key.
func managed(b *protobundle.Bundle) *protobundle.Bundle {
	b.VerificationMaterial.Content = &protobundle.VerificationMaterial_PublicKey{PublicKey: &v1.PublicKeyIdentifier{Hint: "key"}}
	return b
}

// first is the first element of a list in a trusted root.
func first(root object, list string) object { return root[list].([]any)[0].(object) }

const (
	noLog    = "no entry of a trusted transparency log"
	notThis  = "proof of the transparency log is not about this signature"
	noStamp  = "no timestamp of a trusted authority"
	stranger = "certificate is not from a trusted authority"
)

// conformance are the cases of Sigstore's conformance suite, by the names of its
// folders: the names of those that must be refused end in _fail. The suite signs files;
// the same cases are made here with statements, which is what we verify.
var conformance = []struct {
	name   string
	usual  func(c *conformer, b *sigstoretest.Bundle)
	bundle func(c *conformer) *protobundle.Bundle
	text   func(raw string) string
	root   func(c *conformer, root object)
	// want is a part of the reason, "" if the bundle is accepted. stricter says why we
	// refuse a bundle that the suite accepts.
	want, stricter string
}{
	{name: "happy-path-v0.3-new-mediaType", usual: rekor1},
	{name: "happy-path-intoto-in-dsse-v3", usual: rekor1intoto},
	{name: "happy-path-v0.1", usual: rekor1, bundle: version("application/vnd.dev.sigstore.bundle+json;version=0.1"), want: "media type", stricter: "only version 0.3 is read"},
	{name: "happy-path-v0.2", usual: rekor1, bundle: version("application/vnd.dev.sigstore.bundle+json;version=0.2"), want: "media type", stricter: "only version 0.3 is read"},
	{name: "happy-path-v0.3", usual: rekor1, bundle: version("application/vnd.dev.sigstore.bundle+json;version=0.3"), want: "media type", stricter: "the older name of version 0.3"},
	{name: "bundle-empty-certificate-chain_fail", usual: rekor1, want: "has no certificate", bundle: func(c *conformer) *protobundle.Bundle {
		b := c.make(c.s, nil)
		material(b).Content = &protobundle.VerificationMaterial_X509CertificateChain{X509CertificateChain: &v1.X509CertificateChain{}}
		return b
	}},
	{name: "bundle-from-wrong-instance_fail", usual: rekor1, want: noLog, bundle: func(c *conformer) *protobundle.Bundle { return c.make(c.stranger, nil) }},
	{name: "bundle-invalid-base64-signature_fail", usual: rekor1, want: "malformed", text: func(raw string) string {
		return strings.Replace(raw, `"sig":"`, `"sig":"!`, 1)
	}},
	{name: "bundle-malformed-json_fail", usual: rekor1, want: "malformed", text: func(raw string) string { return raw[:len(raw)-1] }},
	{name: "bundle-negative-log-index_fail", usual: rekor1, want: "malformed", bundle: change(func(b *protobundle.Bundle) { entry(b).LogIndex = -1 })},
	{name: "bundle-unknown-version_fail", usual: rekor1, want: "media type", bundle: version("application/vnd.dev.sigstore.bundle+json;version=99.9")},
	{name: "bundle-with-root-cert_fail", usual: rekor1, want: "has no certificate", bundle: func(c *conformer) *protobundle.Bundle {
		b := c.make(c.s, nil)
		root, err := base64.StdEncoding.DecodeString(first(first(c.trusted(), "certificateAuthorities")["certChain"].(object), "certificates")["rawBytes"].(string))
		if err != nil {
			c.t.Fatal(err)
		}
		material(b).Content = &protobundle.VerificationMaterial_X509CertificateChain{X509CertificateChain: &v1.X509CertificateChain{
			Certificates: []*v1.X509Certificate{material(b).GetCertificate(), {RawBytes: root}}}}
		return b
	}},
	{name: "bundle-with-sct", usual: certificateLog},
	{name: "bundle-with-sct-with-extensions", usual: func(c *conformer, b *sigstoretest.Bundle) {
		certificateLog(c, b)
		b.SCTExtensions = []byte{1, 2, 3, 4}
	}},
	{name: "invalid-ct-key_fail", usual: certificateLog, want: "is not in a trusted log of certificates", root: func(c *conformer, root object) {
		c.stranger.CT = true
		first(root, "ctlogs")["publicKey"].(object)["rawBytes"] = first(rootOf(c.t, c.stranger), "ctlogs")["publicKey"].(object)["rawBytes"]
	}},
	{name: "missing-sct_fail", usual: func(c *conformer, b *sigstoretest.Bundle) { rekor1(c, b); c.s.CT = true }, want: "is not in a trusted log of certificates"},
	{name: "sct-duplicate-intermediate-name", usual: certificateLog, root: func(c *conformer, root object) {
		decoy := rootOf(c.t, c.stranger)["certificateAuthorities"].([]any)
		root["certificateAuthorities"] = append(decoy, root["certificateAuthorities"].([]any)...)
	}},
	{name: "checkpoint-bad-keyhint_fail", usual: rekor1, want: "checkpoint", bundle: func(c *conformer) *protobundle.Bundle {
		return signature(c.make(c.s, nil), func(raw []byte) { raw[0] ^= 1 })
	}},
	{name: "checkpoint-wrong-roothash_fail", usual: rekor1, want: "proof root hash does not match", bundle: func(c *conformer) *protobundle.Bundle {
		before, b := c.two(nil)
		entry(b).InclusionProof.Checkpoint = entry(before).InclusionProof.Checkpoint
		return b
	}},
	{name: "invalid-checkpoint-signature_fail", usual: rekor1, want: "checkpoint", bundle: func(c *conformer) *protobundle.Bundle {
		return signature(c.make(c.s, nil), func(raw []byte) { raw[len(raw)-1] ^= 1 })
	}},
	{name: "cve-2022-36056-swapped-tlog-entry_fail", usual: rekor1, want: "transparency log signature does not match", bundle: func(c *conformer) *protobundle.Bundle {
		a, b := c.make(c.s, nil), c.make(c.s, nil)
		material(a).TlogEntries = material(b).TlogEntries
		return a
	}},
	{name: "dsse-invalid-sig_fail", usual: rekor1, want: "transparency log signature does not match", bundle: otherSignature},
	{name: "dsse-mismatch-envelope_fail", usual: rekor1, want: "transparency log signature does not match", bundle: otherEnvelope},
	{name: "dsse-mismatch-sig_fail", usual: rekor1, want: "transparency log signature does not match", bundle: otherSameEnvelope},
	{name: "dsse-statement-missing-type_fail", usual: payload(strings.Replace(about(statement.CosignSign, "{}"), `"_type":"`+statement.Type+`",`, "", 1)), want: "member _type is missing"},
	{name: "dsse-statement-unknown-type_fail", usual: payload(strings.Replace(about(statement.CosignSign, "{}"), "Statement/v1", "Statement/v2", 1)), want: `its type "https://in-toto.io/Statement/v2" is not`},
	{name: "dsse-with-hashedrekord-happy-path", usual: rekor1hashed, want: "unknown type", stricter: "an entry of Rekor v1 about a statement is a dsse or an intoto entry, as programs write them"},
	{name: "dsse-with-hashedrekord-invalid-sig_fail", usual: rekor1hashed, want: "unknown type", bundle: otherSignature},
	{name: "dsse-with-hashedrekord-mismatch-envelope_fail", usual: rekor1hashed, want: "unknown type", bundle: otherEnvelope},
	{name: "dsse-with-hashedrekord-mismatch-sig_fail", usual: rekor1hashed, want: "unknown type", bundle: otherSameEnvelope},
	{name: "inclusion-proof-corrupted-hash_fail", usual: rekor1, want: "proof of the transparency log is not valid", bundle: change(func(b *protobundle.Bundle) { entry(b).InclusionProof.Hashes[0][3] ^= 4 })},
	{name: "incorrect-public-key_fail", usual: rekor1, want: noLog, bundle: func(c *conformer) *protobundle.Bundle {
		b := c.make(c.s, nil)
		key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
		if err != nil {
			c.t.Fatal(err)
		}
		var body object
		if err := json.Unmarshal(entry(b).CanonicalizedBody, &body); err != nil {
			c.t.Fatal(err)
		}
		body["spec"].(object)["signatures"].([]any)[0].(object)["verifier"] = []byte(sealtest.PublicPEM(c.t, key.Public()))
		if entry(b).CanonicalizedBody, err = json.Marshal(body); err != nil {
			c.t.Fatal(err)
		}
		return b
	}},
	{name: "integrated-time-in-future_fail", usual: integrated(365 * 24 * time.Hour), want: "outside of the validity of the certificate"},
	{name: "intoto-expired-certificate_fail", usual: rekor1intoto, want: stranger, root: func(c *conformer, root object) {
		first(root, "certificateAuthorities")["validFor"] = object{"start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z"}
	}},
	{name: "intoto-log-entry-mismatch_fail", usual: rekor1intoto, want: "payload hash", bundle: func(c *conformer) *protobundle.Bundle {
		return c.make(c.s, func(b *sigstoretest.Bundle) { b.Logged = []byte(about("https://example.org/other", "{}")) })
	}},
	{name: "intoto-missing-inclusion-proof_fail", usual: rekor1intoto, want: "malformed", bundle: change(func(b *protobundle.Bundle) { entry(b).InclusionProof = nil })},
	{name: "intoto-set-outside-signing-cert-validity_fail", usual: func(c *conformer, b *sigstoretest.Bundle) {
		rekor1intoto(c, b)
		b.Integrated = c.at.AddDate(0, 0, -1)
	}, want: "outside of the validity of the certificate"},
	{name: "intoto-tsa-timestamp-outside-cert-validity_fail", usual: func(c *conformer, b *sigstoretest.Bundle) {
		rekor1intoto(c, b)
		b.Stamps = []time.Time{c.at.AddDate(0, 0, -1)}
	}, want: "timestamp"},
	{name: "intoto-with-custom-trust-root", usual: func(c *conformer, b *sigstoretest.Bundle) {
		rekor1intoto(c, b)
		b.Stamps = []time.Time{c.at}
	}},
	{name: "invalid-inclusion-proof_fail", usual: rekor1, want: "proof of the transparency log is not valid", bundle: func(c *conformer) *protobundle.Bundle {
		before, b := c.two(nil)
		entry(b).InclusionProof = entry(before).InclusionProof
		return b
	}},
	{name: "managed-key-happy-path", usual: rekor1, bundle: func(c *conformer) *protobundle.Bundle { return managed(c.make(c.s, nil)) }},
	{name: "managed-key-and-trusted-root", usual: rekor2, bundle: func(c *conformer) *protobundle.Bundle { return managed(c.make(c.s, nil)) }},
	{name: "intoto-canonical-log-entry", usual: rekor1intoto, bundle: func(c *conformer) *protobundle.Bundle { return managed(c.make(c.s, nil)) }},
	{name: "managed-key-wrong-key_fail", usual: rekor1, want: "not signed by a key", bundle: func(c *conformer) *protobundle.Bundle {
		return managed(c.make(c.s, func(b *sigstoretest.Bundle) { b.Key = nil }))
	}},
	{name: "message-digest-mismatch_fail", usual: payload(strings.Replace(about(statement.CosignSign, "{}"), "1111", "2222", 1)), want: "covers another image"},
	{name: "wrong-material_fail", usual: payload(strings.Replace(about(statement.CosignSign, "{}"), `"sha256"`, `"sha512"`, 1)), want: "covers another image"},
	{name: "set-invalid-signature_fail", usual: rekor1, want: noLog, bundle: change(func(b *protobundle.Bundle) {
		promise := entry(b).InclusionPromise.SignedEntryTimestamp
		promise[len(promise)-1] ^= 1
	})},
	{name: "signature-mismatch_fail", usual: rekor2, want: notThis, bundle: change(func(b *protobundle.Bundle) { (*sig(b))[len(*sig(b))-1] ^= 1 })},
	{name: "wrong-hashedrekord-artifact_fail", usual: rekor2, want: notThis, bundle: change(func(b *protobundle.Bundle) {
		b.GetDsseEnvelope().Payload = []byte(about("https://example.org/other", "{}"))
	})},
	{name: "wrong-hashedrekord-cert-and-sig_fail", usual: rekor2, want: notThis, bundle: func(c *conformer) *protobundle.Bundle {
		a, b := c.make(c.s, nil), c.make(c.s, nil)
		material(a).TlogEntries = material(b).TlogEntries
		return a
	}},
	{name: "wrong-hashedrekord-entry_fail", usual: rekor2, want: notThis, bundle: func(c *conformer) *protobundle.Bundle {
		a, b := c.two(func(b *sigstoretest.Bundle) { b.Payload = []byte(about("https://example.org/other", "{}")) })
		material(a).TlogEntries = material(b).TlogEntries
		return a
	}},
	{name: "rekor2-happy-path", usual: rekor2},
	{name: "rekor2-dsse-happy-path", usual: rekor2},
	{name: "rekor2-dsse-invalid-sig_fail", usual: rekor2, want: notThis, bundle: otherSignature},
	{name: "rekor2-dsse-mismatch-envelope_fail", usual: rekor2, want: notThis, bundle: otherEnvelope},
	{name: "rekor2-dsse-mismatch-sig_fail", usual: rekor2, want: notThis, bundle: otherSameEnvelope},
	{name: "rekor2-checkpoint-cosigned", usual: rekor2, bundle: lines(func(l []string) []string { return append(l, witness("witness.example.org")) })},
	{name: "rekor2-checkpoint-multiple-cosigs", usual: rekor2, bundle: lines(func(l []string) []string {
		return append(l, witness("witness.example.org"), witness("other.example.org"), witness("third.example.org"))
	})},
	{name: "rekor2-checkpoint-origin-not-first", usual: rekor2, bundle: lines(func(l []string) []string {
		last := l[len(l)-1]
		return append(l[:len(l)-1], witness("witness.example.org"), last)
	})},
	{name: "rekor2-checkpoint-two-sigs-from-origin", usual: rekor2, bundle: lines(func(l []string) []string { return append(l, witness(l[0])) })},
	{name: "rekor2-checkpoint-two-sigs-cosigned", usual: rekor2, bundle: lines(func(l []string) []string {
		return append(l, witness(l[0]), witness("witness.example.org"))
	})},
	{name: "rekor2-checkpoint-missing-log-signature_fail", usual: rekor2, want: notThis, bundle: lines(func(l []string) []string { return l[:len(l)-1] })},
	{name: "rekor2-checkpoint-missing-origin_fail", usual: rekor2, want: notThis, bundle: lines(func(l []string) []string { return l[1:] })},
	{name: "rekor2-checkpoint-missing-size_fail", usual: rekor2, want: notThis, bundle: lines(func(l []string) []string { return append(l[:1], l[2:]...) })},
	{name: "rekor2-checkpoint-missing-root-hash_fail", usual: rekor2, want: notThis, bundle: lines(func(l []string) []string { return append(l[:2], l[3:]...) })},
	{name: "rekor2-checkpoint-no-matching-signature_fail", usual: rekor2, want: notThis, bundle: lines(func(l []string) []string {
		l[len(l)-1] = strings.Replace(l[len(l)-1], l[0], "log.example.org", 1)
		return l
	})},
	{name: "rekor2-no-inclusion-proof_fail", usual: rekor2, want: "malformed", bundle: change(func(b *protobundle.Bundle) { entry(b).InclusionProof = nil })},
	{name: "rekor2-no-timestamp_fail", usual: stamps(false), want: noStamp},
	{name: "rekor2-timestamp-with-embedded-cert", usual: stamps(true, 0)},
	{name: "rekor2-timestamp-without-embedded-cert", usual: stamps(false, 0)},
	{name: "rekor2-timestamp-with-expired-cert-chain", usual: rekor2, bundle: expiredTSA},
	{name: "rekor2-timestamp-outside-tsa-cert-validity_fail", usual: func(c *conformer, b *sigstoretest.Bundle) {
		rekor2(c, b)
		c.renew(c.at.AddDate(-2, 0, 0), c.at.AddDate(-1, 0, 0))
	}, want: noStamp},
	{name: "rekor2-timestamp-outside-trust-root-tsa-validity_fail", usual: rekor2, want: noStamp, root: func(c *conformer, root object) {
		first(root, "timestampAuthorities")["validFor"] = object{"start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z"}
	}},
	{name: "rekor2-timestamp-wrong-tsa-validity-borrow_fail", usual: rekor2, want: "timestamp", root: func(c *conformer, root object) {
		first(root, "timestampAuthorities")["validFor"] = object{"start": "2020-01-01T00:00:00Z", "end": "2021-01-01T00:00:00Z"}
		root["timestampAuthorities"] = append(root["timestampAuthorities"].([]any), object{"uri": "https://other.example.org", "certChain": object{"certificates": []any{}},
			"validFor": object{"start": "2020-01-01T00:00:00Z"}})
	}},
	{name: "rekor2-timestamp-payload-mismatch_fail", usual: rekor2, want: noStamp, bundle: func(c *conformer) *protobundle.Bundle {
		b := c.make(c.s, nil)
		material(b).TimestampVerificationData = c.stamp(c.s, []byte("another signature"), c.at, false)
		return b
	}},
	{name: "rekor2-timestamp-untrusted-tsa-with-embedded-cert_fail", usual: rekor2, want: noStamp, bundle: func(c *conformer) *protobundle.Bundle {
		b := c.make(c.s, nil)
		material(b).TimestampVerificationData = c.stamp(c.stranger, *sig(b), c.at, true)
		return b
	}},
	{name: "rekor2-timestamp-untrusted-tsa-without-embedded-cert_fail", usual: rekor2, want: noStamp, bundle: func(c *conformer) *protobundle.Bundle {
		b := c.make(c.s, nil)
		material(b).TimestampVerificationData = c.stamp(c.stranger, *sig(b), c.at, false)
		return b
	}},
	{name: "rekor2-timestamp-with-incorrect-time_fail", usual: stamps(false, 24*time.Hour), want: "is outside of the validity of the certificate"},
	{name: "rekor2-multiple-timestamps-one-outside-cert-validity_fail", usual: stamps(false, 0, 24*time.Hour), want: "outside of the validity"},
	{name: "trust-root-tlog-missing-validity-start_fail", usual: rekor1, want: "trusted root cannot be used", root: func(c *conformer, root object) {
		first(root, "tlogs")["publicKey"].(object)["validFor"] = object{"end": "2099-01-01T00:00:00Z"}
	}},
	{name: "trust-root-tlog-validity-end-inclusive", usual: rekor1, root: func(c *conformer, root object) {
		first(root, "tlogs")["publicKey"].(object)["validFor"].(object)["end"] = c.at.UTC().Format(time.RFC3339)
	}},
	{name: "trust-root-tlog-validity-ended_fail", usual: rekor1, want: noLog, root: func(c *conformer, root object) {
		first(root, "tlogs")["publicKey"].(object)["validFor"].(object)["end"] = c.at.Add(-time.Second).UTC().Format(time.RFC3339)
	}},
	{name: "trust-root-tsa-validity-end-inclusive", usual: rekor2, root: func(c *conformer, root object) {
		first(root, "timestampAuthorities")["validFor"].(object)["end"] = c.at.UTC().Format(time.RFC3339)
	}},
}

func rekor1(c *conformer, b *sigstoretest.Bundle)       { b.Entry = sigstoretest.Rekor1 }
func rekor1intoto(c *conformer, b *sigstoretest.Bundle) { b.Entry = sigstoretest.Rekor1Intoto }
func rekor1hashed(c *conformer, b *sigstoretest.Bundle) { b.Entry = sigstoretest.Rekor1Hashed }
func rekor2(c *conformer, b *sigstoretest.Bundle) {
	b.Entry, b.Stamps = sigstoretest.Rekor2, []time.Time{c.at}
}

func certificateLog(c *conformer, b *sigstoretest.Bundle) {
	rekor1(c, b)
	c.s.CT, b.SCT = true, true
}

func payload(text string) func(*conformer, *sigstoretest.Bundle) {
	return func(c *conformer, b *sigstoretest.Bundle) {
		rekor1(c, b)
		b.Payload = []byte(text)
	}
}

// integrated is a time of the log that is later than the signature.
func integrated(later time.Duration) func(*conformer, *sigstoretest.Bundle) {
	return func(c *conformer, b *sigstoretest.Bundle) {
		rekor1(c, b)
		b.Integrated = c.at.Add(later)
	}
}

// stamps are timestamps that are later than the signature.
func stamps(embed bool, later ...time.Duration) func(*conformer, *sigstoretest.Bundle) {
	return func(c *conformer, b *sigstoretest.Bundle) {
		b.Entry, b.Embed = sigstoretest.Rekor2, embed
		for _, d := range later {
			b.Stamps = append(b.Stamps, c.at.Add(d))
		}
	}
}

func change(f func(*protobundle.Bundle)) func(*conformer) *protobundle.Bundle {
	return func(c *conformer) *protobundle.Bundle {
		b := c.make(c.s, nil)
		f(b)
		return b
	}
}

func version(mediaType string) func(*conformer) *protobundle.Bundle {
	return change(func(b *protobundle.Bundle) { b.MediaType = mediaType })
}

func lines(f func([]string) []string) func(*conformer) *protobundle.Bundle {
	return func(c *conformer) *protobundle.Bundle { return note(c.make(c.s, nil), f) }
}

// otherSignature has the signature of another key, which is timestamped.
func otherSignature(c *conformer) *protobundle.Bundle {
	b := c.make(c.s, nil)
	other := c.make(c.s, func(b *sigstoretest.Bundle) { b.Key = nil })
	*sig(b) = *sig(other)
	material(b).TimestampVerificationData = material(other).TimestampVerificationData
	return b
}

// otherEnvelope has the envelope and the timestamp of another statement by the same
// certificate.
func otherEnvelope(c *conformer) *protobundle.Bundle {
	a, b := c.two(func(b *sigstoretest.Bundle) { b.Payload = []byte(about("https://example.org/other", "{}")) })
	material(b).TlogEntries = material(a).TlogEntries
	return b
}

// otherSameEnvelope has another signature of the same statement by the same
// certificate.
func otherSameEnvelope(c *conformer) *protobundle.Bundle {
	a, b := c.two(nil)
	material(b).TlogEntries = material(a).TlogEntries
	return b
}

func (c *conformer) renew(from, until time.Time) {
	c.t.Helper()
	if err := c.s.RenewTSA(from, until); err != nil {
		c.t.Fatal(err)
	}
}

// expiredTSA has a timestamp of an authority whose certificate has expired since then.
func expiredTSA(c *conformer) *protobundle.Bundle {
	for d := 2 * time.Second; ; d *= 2 {
		until := time.Now().Add(d).Truncate(time.Second)
		c.renew(c.at.AddDate(0, -1, 0), until)
		b := c.make(c.s, nil)
		if time.Now().Before(until) { // else the machine is slow, and the timestamp is too late
			time.Sleep(time.Until(until.Add(time.Second)))
			return b
		}
	}
}

func rootOf(t *testing.T, s *sigstoretest.Sigstore) object {
	t.Helper()
	raw, err := s.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	var root object
	if err := json.Unmarshal(raw, &root); err != nil {
		t.Fatal(err)
	}
	return root
}

func (c *conformer) trusted() object { return rootOf(c.t, c.s) }

func TestConformance(t *testing.T) {
	t.Parallel()
	for _, tt := range conformance {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel()
			fails := strings.HasSuffix(tt.name, "_fail")
			if fails != (tt.want != "") && tt.stricter == "" || fails && tt.stricter != "" {
				t.Fatal("the case and its name differ")
			}
			key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
			if err != nil {
				t.Fatal(err)
			}
			c := &conformer{t: t, at: time.Now().Add(-time.Hour).Truncate(time.Second)}
			c.s, c.stranger = c.sigstore(), c.sigstore()
			c.usual = sigstoretest.Bundle{Payload: []byte(about(statement.CosignSign, "{}")), Key: key, Time: c.at}
			tt.usual(c, &c.usual)
			if tt.bundle == nil {
				tt.bundle = func(c *conformer) *protobundle.Bundle { return c.make(c.s, nil) }
			}
			b := tt.bundle(c)
			raw, err := sigstoretest.Marshal(b)
			if err != nil {
				t.Fatal(err)
			}
			if tt.text != nil {
				raw = []byte(tt.text(string(raw)))
			}
			root := c.trusted()
			if tt.root != nil {
				tt.root(c, root)
			}
			text, err := json.Marshal(root)
			if err != nil {
				t.Fatal(err)
			}
			dir := t.TempDir()
			put(t, dir, "root.json", text)
			put(t, dir, "key.pub", []byte(sealtest.PublicPEM(t, key.Public())))
			authority := "keyless: {issuer: " + sigstoretest.Issuer + ", subject: " + sigstoretest.Person + ", trustedRoot: root.json}"
			if material(b).GetPublicKey() != nil {
				authority = "key: key.pub"
			}
			p, err := loadTrust(t, dir, "authorities: [{name: ci, "+authority+`, repositories: ["*"]}]`)
			if err != nil {
				if tt.want == "" || !strings.Contains(err.Error(), tt.want) {
					t.Error(err)
				}
				return
			}
			got := p.Judge(app, trust.Attached{MediaType: statement.BundleMediaType, Data: raw})
			if got.Verified != (tt.want == "") || !strings.Contains(got.Reason, tt.want) {
				t.Errorf("verified %v, reason %q, want %q", got.Verified, got.Reason, tt.want)
			}
		})
	}
}

// managed-key-and-client-identity_fail and managed-key-no-key_fail: an authority has one
// kind of signer, and a signature by a key is not one by an identity.
func TestConformanceKinds(t *testing.T) {
	t.Parallel()
	dir := t.TempDir()
	s, o := sigstoretest.Start(t)
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	put(t, dir, "root.json", o.TrustedRoot)
	put(t, dir, "key.pub", []byte(sealtest.PublicPEM(t, key.Public())))
	identity := "keyless: {issuer: " + sigstoretest.Issuer + ", subject: " + sigstoretest.Person + ", trustedRoot: root.json}"
	if _, err := loadTrust(t, dir, "authorities: [{name: ci, key: key.pub, "+identity+`, repositories: ["*"]}]`); !errors.Is(err, system.ErrInput) || !strings.Contains(err.Error(), "more than one of key") {
		t.Errorf("a key and an identity: %v", err)
	}
	p, err := loadTrust(t, dir, "authorities: [{name: ci, "+identity+`, repositories: ["*"]}]`)
	if err != nil {
		t.Fatal(err)
	}
	b, err := s.Make(sigstoretest.Bundle{Payload: []byte(about(statement.CosignSign, "{}")), Key: key, Entry: sigstoretest.Rekor1})
	if err != nil {
		t.Fatal(err)
	}
	raw, err := sigstoretest.Marshal(managed(b))
	if err != nil {
		t.Fatal(err)
	}
	if got := p.Judge(app, trust.Attached{MediaType: statement.BundleMediaType, Data: raw}); got.Verified || !strings.Contains(got.Reason, "not signed by a key") {
		t.Errorf("a key where identities are trusted: %+v", got)
	}
}
