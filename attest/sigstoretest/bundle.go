package sigstoretest

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/base64"
	"encoding/binary"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"math/big"
	"net/url"
	"strings"
	"time"

	"github.com/cyberphone/json-canonicalization/go/src/webpki.org/jsoncanonicalizer"
	"github.com/digitorus/timestamp"
	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	v1 "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	protodsse "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	protorekor "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	pb "github.com/sigstore/rekor-tiles/v2/pkg/generated/protobuf"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
)

// The kinds of log entries about statements: of Rekor v2, and of Rekor v1.
const (
	Rekor2       = "hashedrekord/0.0.2"
	Rekor1       = "dsse/0.0.1"
	Rekor1Intoto = "intoto/0.0.2"
	Rekor1Hashed = "hashedrekord/0.0.1"
)

// Bundle is a bundle with a statement, as any program makes it. Fields that are not
// set have usual values.
type Bundle struct {
	Payload []byte
	// Issuer and Subject of the certificate. Key is its key.
	Issuer, Subject string
	Key             *ecdsa.PrivateKey
	// Cert is a certificate that was made before, for the same key.
	Cert *x509.Certificate
	// Extensions are further extensions of the certificate. SCT puts a proof of the log
	// of certificates into it, which itself has SCTExtensions.
	Extensions    []pkix.Extension
	SCT           bool
	SCTExtensions []byte
	// Time is when it was signed, and From and Until the validity of the certificate.
	Time, From, Until time.Time
	// Logged is the statement in the log entry, if it is another one.
	Logged []byte
	// Entry is the kind of the log entry, "" for none. Integrated is its time, in
	// Rekor v1.
	Entry      string
	Integrated time.Time
	// Stamps are the times of timestamps. Embed puts the certificate of the authority
	// into them.
	Stamps []time.Time
	Embed  bool
}

// Make makes a bundle. Marshal writes it.
func (s *Sigstore) Make(b Bundle) (*protobundle.Bundle, error) {
	b.fill()
	if b.Key == nil {
		var err error
		if b.Key, err = ecdsa.GenerateKey(elliptic.P256(), rand.Reader); err != nil {
			return nil, err
		}
	}
	cert := b.Cert
	if cert == nil {
		var err error
		if cert, err = s.leaf(&b); err != nil {
			return nil, err
		}
	}
	pae := sha256.Sum256(verify.PAE(statement.PayloadType, b.Payload))
	sig, err := ecdsa.SignASN1(rand.Reader, b.Key, pae[:])
	if err != nil {
		return nil, err
	}
	material := &protobundle.VerificationMaterial{
		Content:                   &protobundle.VerificationMaterial_Certificate{Certificate: &v1.X509Certificate{RawBytes: cert.Raw}},
		TimestampVerificationData: &protobundle.TimestampVerificationData{},
	}
	for _, at := range b.Stamps {
		raw, err := s.Stamp(sig, at, b.Embed)
		if err != nil {
			return nil, err
		}
		material.TimestampVerificationData.Rfc3161Timestamps = append(material.TimestampVerificationData.Rfc3161Timestamps, &v1.RFC3161SignedTimestamp{SignedTimestamp: raw})
	}
	if b.Entry != "" {
		entry, err := s.entry(&b, cert, sig)
		if err != nil {
			return nil, err
		}
		material.TlogEntries = append(material.TlogEntries, entry)
	}
	return &protobundle.Bundle{
		MediaType: statement.BundleMediaType, VerificationMaterial: material,
		Content: &protobundle.Bundle_DsseEnvelope{DsseEnvelope: &protodsse.Envelope{
			Payload: b.Payload, PayloadType: statement.PayloadType, Signatures: []*protodsse.Signature{{Sig: sig}}}},
	}, nil
}

// fill sets the fields that are not set.
func (b *Bundle) fill() {
	if b.Issuer == "" {
		b.Issuer = Issuer
	}
	if b.Subject == "" {
		b.Subject = Person
	}
	if b.Time.IsZero() {
		b.Time = time.Now()
	}
	b.Time = b.Time.Truncate(time.Second)
	if b.From.IsZero() {
		b.From = b.Time.Add(-time.Minute)
	}
	if b.Until.IsZero() {
		b.Until = b.From.Add(10 * time.Minute)
	}
	if b.Integrated.IsZero() {
		b.Integrated = b.Time
	}
}

// leaf issues the certificate of a bundle.
func (s *Sigstore) leaf(b *Bundle) (*x509.Certificate, error) {
	oid, err := asn1.MarshalWithParams(b.Issuer, "utf8")
	if err != nil {
		return nil, err
	}
	template := &x509.Certificate{
		SerialNumber: big.NewInt(b.Time.UnixNano()), NotBefore: b.From, NotAfter: b.Until,
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		ExtraExtensions: append([]pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}, Value: oid}}, b.Extensions...),
	}
	if strings.Contains(b.Subject, "://") {
		u, err := url.Parse(b.Subject)
		if err != nil {
			return nil, err
		}
		template.URIs = []*url.URL{u}
	} else {
		template.EmailAddresses = []string{b.Subject}
	}
	cert, err := s.ca.issue(template, b.Key.Public())
	if err != nil || !b.SCT {
		return cert, err
	}
	list, err := s.sct(cert, b)
	if err != nil {
		return nil, err
	}
	template.ExtraExtensions = append(template.ExtraExtensions, pkix.Extension{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 11129, 2, 4, 2}, Value: list})
	return s.ca.issue(template, b.Key.Public())
}

// sct is the list with the proof that the log of certificates (RFC 6962) has a
// certificate. The certificate is still without the list.
func (s *Sigstore) sct(cert *x509.Certificate, b *Bundle) ([]byte, error) {
	id, err := logID(s.ctKey.Public())
	if err != nil {
		return nil, err
	}
	issuer, err := logID(s.ca.key.Public())
	if err != nil {
		return nil, err
	}
	at := binary.BigEndian.AppendUint64(nil, uint64(b.Time.UnixMilli()))
	extensions := append(binary.BigEndian.AppendUint16(nil, uint16(len(b.SCTExtensions))), b.SCTExtensions...)
	tbs := cert.RawTBSCertificate
	signed := append([]byte{0, 0}, at...)
	signed = append(signed, 0, 1)
	signed = append(signed, issuer[:]...)
	signed = append(signed, byte(len(tbs)>>16), byte(len(tbs)>>8), byte(len(tbs)))
	signed = append(signed, tbs...)
	signed = append(signed, extensions...)
	sum := sha256.Sum256(signed)
	sig, err := ecdsa.SignASN1(rand.Reader, s.ctKey, sum[:])
	if err != nil {
		return nil, err
	}
	one := append([]byte{0}, id[:]...)
	one = append(one, at...)
	one = append(one, extensions...)
	one = append(one, 4, 3) // SHA-256 with ECDSA
	one = binary.BigEndian.AppendUint16(one, uint16(len(sig)))
	one = append(one, sig...)
	list := binary.BigEndian.AppendUint16(nil, uint16(len(one)+2))
	list = binary.BigEndian.AppendUint16(list, uint16(len(one)))
	return asn1.Marshal(append(list, one...))
}

// Stamp is a timestamp of a signature. embed puts the certificate of the authority
// into it.
func (s *Sigstore) Stamp(signature []byte, at time.Time, embed bool) ([]byte, error) {
	sum := sha256.Sum256(signature)
	stamp := timestamp.Timestamp{HashAlgorithm: crypto.SHA256, HashedMessage: sum[:], SerialNumber: big.NewInt(1), Time: at,
		Policy: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 2}, AddTSACertificate: embed}
	return stamp.CreateResponseWithOpts(s.tsaLeaf, s.tsaKey, crypto.SHA256)
}

// entry adds a signature to the log.
func (s *Sigstore) entry(b *Bundle, cert *x509.Certificate, sig []byte) (*protorekor.TransparencyLogEntry, error) {
	if b.Entry == Rekor2 {
		pae := sha256.Sum256(verify.PAE(statement.PayloadType, b.Payload))
		body, err := entryOf(&pb.HashedRekordRequestV002{Digest: pae[:], Signature: &pb.Signature{Content: sig, Verifier: &pb.Verifier{
			Verifier:   &pb.Verifier_X509Certificate{X509Certificate: &v1.X509Certificate{RawBytes: cert.Raw}},
			KeyDetails: v1.PublicKeyDetails_PKIX_ECDSA_P256_SHA_256}}})
		if err != nil {
			return nil, err
		}
		return s.append(body)
	}
	logged := *b
	if b.Logged != nil {
		logged.Payload = b.Logged
	}
	body, err := logged.body(cert, sig)
	if err != nil {
		return nil, err
	}
	e, err := s.append(body)
	if err != nil {
		return nil, err
	}
	kind, version, _ := strings.Cut(b.Entry, "/")
	e.KindVersion = &protorekor.KindVersion{Kind: kind, Version: version}
	e.IntegratedTime = b.Integrated.Unix()
	// The index over all shards of the log is not the one in this shard.
	e.LogIndex += 4163431
	if e.InclusionProof.Checkpoint.Envelope, err = s.checkpoint1(e.InclusionProof); err != nil {
		return nil, err
	}
	e.InclusionPromise = &protorekor.InclusionPromise{}
	e.InclusionPromise.SignedEntryTimestamp, err = s.promise(e)
	return e, err
}

// body is the entry of a statement in Rekor v1.
func (b *Bundle) body(cert *x509.Certificate, sig []byte) ([]byte, error) {
	type object = map[string]any
	hash := func(b []byte) object {
		sum := sha256.Sum256(b)
		return object{"algorithm": "sha256", "value": hex.EncodeToString(sum[:])}
	}
	key, text := []byte(pemOf(cert)), base64.StdEncoding.EncodeToString(sig)
	envelope, err := json.Marshal(object{"payloadType": statement.PayloadType, "payload": b.Payload, "signatures": []object{{"sig": text}}})
	if err != nil {
		return nil, err
	}
	var spec object
	switch b.Entry {
	case Rekor1:
		spec = object{"envelopeHash": hash(envelope), "payloadHash": hash(b.Payload), "signatures": []object{{"signature": text, "verifier": key}}}
	case Rekor1Intoto:
		spec = object{"content": object{"hash": hash(envelope), "payloadHash": hash(b.Payload), "envelope": object{
			"payloadType": statement.PayloadType, "signatures": []object{{"sig": []byte(text), "publicKey": key}}}}}
	case Rekor1Hashed:
		spec = object{"data": object{"hash": hash(verify.PAE(statement.PayloadType, b.Payload))}, "signature": object{"content": sig, "publicKey": object{"content": key}}}
	default:
		return nil, errors.New("unknown kind of entry " + b.Entry)
	}
	kind, version, _ := strings.Cut(b.Entry, "/")
	raw, err := json.Marshal(object{"kind": kind, "apiVersion": version, "spec": spec})
	if err != nil {
		return nil, err
	}
	return jsoncanonicalizer.Transform(raw)
}

// checkpoint1 is a checkpoint in the form of Rekor v1.
func (s *Sigstore) checkpoint1(p *protorekor.InclusionProof) (string, error) {
	id, err := logID(s.logKey.Public())
	if err != nil {
		return "", err
	}
	text := fmt.Sprintf("%s - 1193050959916656506\n%d\n%s\n", s.origin(), p.TreeSize, base64.StdEncoding.EncodeToString(p.RootHash))
	sum := sha256.Sum256([]byte(text))
	sig, err := ecdsa.SignASN1(rand.Reader, s.logKey, sum[:])
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%s\n— %s %s\n", text, s.origin(), base64.StdEncoding.EncodeToString(append(bytes.Clone(id[:4]), sig...))), nil
}

// promise is the signature of the log for an entry and its time (Rekor v1).
func (s *Sigstore) promise(e *protorekor.TransparencyLogEntry) ([]byte, error) {
	raw, err := json.Marshal(map[string]any{"body": e.CanonicalizedBody, "integratedTime": e.IntegratedTime, "logIndex": e.LogIndex, "logID": hex.EncodeToString(e.LogId.KeyId)})
	if err == nil {
		raw, err = jsoncanonicalizer.Transform(raw)
	}
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(raw)
	return ecdsa.SignASN1(rand.Reader, s.logKey, sum[:])
}

// RenewTSA gives the timestamp authority a certificate with another validity.
func (s *Sigstore) RenewTSA(from, until time.Time) (err error) {
	s.tsaLeaf, err = s.tsaCertificate(from, until)
	return err
}

// Marshal writes a bundle.
func Marshal(b *protobundle.Bundle) ([]byte, error) { return protojson.Marshal(b) }
