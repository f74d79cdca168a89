// Package keyless verifies signatures that were made with a certificate for an
// identity: Sigstore bundles with a certificate, a timestamp and an entry of a
// transparency log. Its Verifier is what attest/verify needs for such bundles.
//
// It needs no network. The time of a signature is that of its timestamp, and not
// that of a clock.
package keyless

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	protobundle "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	sigstore "github.com/sigstore/sigstore-go/pkg/verify"
	"google.golang.org/protobuf/encoding/protojson"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
)

// MaxRoot is the largest size of a trusted root, in bytes. That of the public
// Sigstore has 10 KiB.
const MaxRoot = 1 << 20

// maxRoots is the largest number of roots in one file.
const maxRoots = 16

// Identity is a trusted identity, and the provider that must have confirmed it.
type Identity struct {
	// Issuer is the identity provider in the certificate, exactly.
	Issuer string
	// Subject is the identity in the certificate: an e-mail address, or an address
	// such as that of a workflow. A * at the end matches any text, for example
	// any tag.
	Subject string
}

// Verifier verifies bundles. Make one with New.
type Verifier struct {
	roots      []*trusted
	identities []Identity
}

// trusted is one Sigstore whose signatures are accepted.
type trusted struct {
	sigstore *sigstore.Verifier
	root     *root.TrustedRoot
	// logged reports whether log entries are verified.
	logged bool
}

// New makes a Verifier for these identities. trustedRoot is a TrustedRoot of
// Sigstore, in JSON: the certificate authorities, timestamp authorities and logs
// that are trusted. If the root has transparency logs, each signature needs an entry
// of one of them; if it has logs of certificates, each certificate needs one too.
// trustedRoot can also be several such documents, one after the other, as gh
// attestation trusted-root writes them: one of them must then verify the whole
// signature. Errors are ErrInput: a root or an identity is malformed, there is no
// identity, or a root has no source of trusted time.
func New(trustedRoot []byte, identities ...Identity) (*Verifier, error) {
	v := &Verifier{identities: slices.Clone(identities)}
	var errs []error
	if len(identities) == 0 {
		errs = append(errs, system.BadInput("no identity is given").Suggest("give the signer's identity and its issuer"))
	}
	for _, id := range identities {
		errs = append(errs, checkIdentity(id))
	}
	errs = append(errs, v.readRoots(trustedRoot))
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return v, nil
}

// Load is New with the root in a file.
func Load(path string, identities ...Identity) (*Verifier, error) {
	raw, err := bounded.ReadFile(path, MaxRoot)
	if err != nil {
		return nil, system.BadInput("trusted root %s cannot be read", path).Because(err).Suggest("%s", howToRoot)
	}
	return New(raw, identities...)
}

const howToRoot = "give Sigstore's trusted_root.json; docs/signing.md says where it comes from"

func checkIdentity(id Identity) error {
	switch {
	case id.Issuer == "":
		return system.BadInput("identity %q has no issuer", id.Subject).Suggest("give the identity provider that is in the certificate: https://…")
	case strings.Trim(id.Subject, "*") == "":
		return system.BadInput("an identity of issuer %s has no subject", id.Issuer).Suggest("give an e-mail address, or the address of a workflow")
	}
	return nil
}

// readRoots reads the roots, and makes the verifier for each.
func (v *Verifier) readRoots(trustedRoots []byte) error {
	bad := func(err error) error {
		return system.BadInput("the trusted root cannot be used").Because(err).Suggest("%s", howToRoot)
	}
	dec := json.NewDecoder(bytes.NewReader(trustedRoots))
	for {
		var raw json.RawMessage
		switch err := dec.Decode(&raw); {
		case errors.Is(err, io.EOF) && len(v.roots) > 0:
			return nil
		case err != nil:
			return bad(err)
		case len(v.roots) == maxRoots:
			return bad(fmt.Errorf("the file has more than %d roots", maxRoots))
		}
		one, err := newTrusted(raw)
		if err != nil && (len(v.roots) > 0 || dec.More()) {
			err = fmt.Errorf("root %d of the file: %w", len(v.roots)+1, err)
		}
		if err != nil {
			return bad(err)
		}
		v.roots = append(v.roots, one)
	}
}

// newTrusted reads one root.
func newTrusted(raw []byte) (*trusted, error) {
	var err error
	v := &trusted{}
	if v.root, err = root.NewTrustedRootFromJSON(raw); err != nil {
		return nil, err
	}
	v.logged = len(v.root.RekorLogs()) > 0
	switch {
	case len(v.root.FulcioCertificateAuthorities()) == 0:
		return nil, errors.New("it has no certificate authority")
	case !v.logged && len(v.root.TimestampingAuthorities()) == 0:
		return nil, errors.New("it has neither a timestamp authority nor a transparency log, so the time of a signature is unknown")
	}
	o := []sigstore.VerifierOption{sigstore.WithObserverTimestamps(1), sigstore.WithoutStatementPredicate()}
	if v.logged {
		o = append(o, sigstore.WithTransparencyLog(1))
	}
	if len(v.root.CTLogs()) > 0 {
		o = append(o, sigstore.WithSignedCertificateTimestamps(1))
	}
	v.sigstore, err = sigstore.NewVerifier(v.root, o...)
	return v, err
}

// Verify verifies a bundle: the signature, the certificate and its identity, the
// timestamp and the log entry. It refuses a bundle with members that are not
// verified, and a signature that was made after now.
func (v *Verifier) Verify(raw []byte, now time.Time) (*verify.Signature, error) {
	b, err := parse(raw)
	if err != nil {
		return nil, err
	}
	entity, err := bundle.NewBundle(b)
	if err != nil {
		return nil, fmt.Errorf("malformed bundle: %w", err)
	}
	result, err := v.verified(b, entity)
	if err != nil {
		return nil, err
	}
	cert := result.Signature.Certificate
	if err := v.trusts(cert); err != nil {
		return nil, err
	}
	at := earliest(result.VerifiedTimestamps)
	if at.After(now.Add(verify.MaxSkew)) {
		return nil, fmt.Errorf("it was signed at %s, which is later than the current time %s", statement.Time(at), statement.Time(now))
	}
	return &verify.Signature{Payload: b.GetDsseEnvelope().GetPayload(), Issuer: cert.Issuer, Subject: cert.SubjectAlternativeName, Time: at}, nil
}

// verified is the result of the first root that verifies a bundle. If none does, the
// error is that of the root whose certificate authority issued the certificate, or
// that of the last root.
func (v *Verifier) verified(b *protobundle.Bundle, entity *bundle.Bundle) (*sigstore.VerificationResult, error) {
	var reason error
	issued := false
	for _, one := range v.roots {
		// The subjects of the statement are compared by the caller, and the identity
		// by Verify.
		result, err := one.sigstore.Verify(entity, sigstore.NewPolicy(sigstore.WithoutArtifactUnsafe(), sigstore.WithoutIdentitiesUnsafe()))
		if err != nil {
			err = one.reason(entity, err)
		} else {
			err = one.checkVerified(b, result)
		}
		if err == nil {
			return result, nil
		}
		if !issued {
			reason, issued = err, one.issued(entity)
		}
	}
	return nil, reason
}

// issued reports whether the certificate of a bundle is signed by a certificate
// authority of the root.
func (v *trusted) issued(entity *bundle.Bundle) bool {
	content, err := entity.VerificationContent()
	if err != nil || content.Certificate() == nil {
		return false
	}
	cert := content.Certificate()
	return slices.ContainsFunc(v.root.FulcioCertificateAuthorities(), func(ca root.CertificateAuthority) bool {
		_, err := ca.Verify(cert, cert.NotBefore)
		return err == nil
	})
}

// parse reads a bundle with a statement and a certificate.
func parse(raw []byte) (*protobundle.Bundle, error) {
	if len(raw) > statement.MaxBundle {
		return nil, fmt.Errorf("the bundle is larger than %d bytes", statement.MaxBundle)
	}
	var b protobundle.Bundle
	if err := protojson.Unmarshal(raw, &b); err != nil {
		return nil, fmt.Errorf("malformed bundle: %w", err)
	}
	m, e := b.GetVerificationMaterial(), b.GetDsseEnvelope()
	switch {
	case b.GetMediaType() != statement.BundleMediaType:
		return nil, fmt.Errorf("media type %q is not %s", b.GetMediaType(), statement.BundleMediaType)
	case m.GetCertificate() == nil:
		return nil, errors.New("the bundle has no certificate")
	case e == nil:
		return nil, errors.New("the bundle contains no statement")
	case e.GetPayloadType() != statement.PayloadType:
		return nil, fmt.Errorf("payload type %q is not %s", e.GetPayloadType(), statement.PayloadType)
	case len(e.GetSignatures()) != 1:
		return nil, fmt.Errorf("the bundle has %d signatures, and must have one", len(e.GetSignatures()))
	case len(e.GetPayload()) == 0:
		return nil, errors.New("the payload is empty")
	}
	for _, e := range m.GetTlogEntries() {
		if err := knownEntry(e.GetCanonicalizedBody()); err != nil {
			return nil, err
		}
	}
	return &b, exact(raw, &b)
}

// trusts requires that the certificate is for one of the identities.
func (v *Verifier) trusts(cert *certificate.Summary) error {
	if cert.Issuer == "" || cert.SubjectAlternativeName == "" {
		return errors.New("the certificate has no identity, or no issuer of it")
	}
	if slices.ContainsFunc(v.identities, func(id Identity) bool {
		return id.Issuer == cert.Issuer && verify.Covers([]string{id.Subject}, cert.SubjectAlternativeName)
	}) {
		return nil
	}
	return fmt.Errorf("it is signed by %s (%s), which is not a trusted identity", cert.SubjectAlternativeName, cert.Issuer)
}

func earliest(all []sigstore.TimestampVerificationResult) time.Time {
	at := all[0].Timestamp
	for _, one := range all[1:] {
		if one.Timestamp.Before(at) {
			at = one.Timestamp
		}
	}
	return at.UTC()
}

// reason names the usual failures in words.
func (v *trusted) reason(entity *bundle.Bundle, err error) error {
	text := err.Error()
	for _, known := range []struct{ in, out string }{
		{"integrated time outside certificate validity", "the time of the log entry is outside of the validity of the certificate"},
		{"not enough verified log entries", "the bundle has no entry of a trusted transparency log"},
		{"verifying log entry", "the proof of the transparency log is not about this signature"},
		{"failed to verify log inclusion", "the proof of the transparency log is not valid"},
		{"threshold not met for verified signed", "the bundle has no timestamp of a trusted authority"},
		{"failed to verify leaf certificate", v.untrusted(entity)},
		{"failed to verify signed certificate timestamp", "the certificate is not in a trusted log of certificates"},
		{"failed to verify signature", "the signature is not valid"},
	} {
		if !strings.Contains(text, known.in) {
			continue
		}
		if strings.ContainsAny(text, "\n%") { // a reason is one line, and no dump of bytes
			return errors.New(known.out)
		}
		return fmt.Errorf("%s: %w", known.out, err)
	}
	if first, _, more := strings.Cut(text, "\n"); more {
		return errors.New(first)
	}
	return err
}

// untrusted says why a certificate is not accepted.
func (v *trusted) untrusted(entity *bundle.Bundle) string {
	const stranger = "the certificate is not from a trusted authority"
	content, err := entity.VerificationContent()
	if err != nil || content.Certificate() == nil {
		return stranger
	}
	cert := content.Certificate()
	stamps, _, err := sigstore.VerifySignedTimestamp(entity, v.root)
	if err != nil {
		return stranger
	}
	for _, one := range stamps {
		if one.Time.Before(cert.NotBefore) || one.Time.After(cert.NotAfter) {
			return fmt.Sprintf("the timestamp %s is outside of the validity of the certificate, %s to %s",
				statement.Time(one.Time), statement.Time(cert.NotBefore), statement.Time(cert.NotAfter))
		}
	}
	return stranger
}
