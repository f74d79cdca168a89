package trust

import (
	"crypto"
	"crypto/x509"
	"encoding/base64"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/strictjson"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Image is the image that a signature must cover.
type Image struct {
	// Repository is REGISTRY/PATH. Digests are the digests of the manifest and
	// of the index.
	Repository string
	Digests    []string
}

// Attached is one blob that is attached to an image.
type Attached struct {
	Digest, MediaType string
	Data              []byte
	// Signature and Certificate are the annotations of cosign's classic form.
	Signature, Certificate string
	// Problem says why the blob could not be read.
	Problem string
}

// The forms, by their names in the facts.
const (
	formBundle  = "bundle"
	formDSSE    = "dsse"
	formSimple  = "simplesigning"
	formUnknown = "statement"
)

// simpleType is the type in the payload of cosign's classic form.
const simpleType = "cosign container image signature"

// statementTypes are the types of in-toto statements. A signed payload of
// another type does not cover an image.
var statementTypes = []string{statement.Type, "https://in-toto.io/Statement/v0.1"}

// claim is the content of a blob, and the bytes that its signature covers.
type claim struct {
	signed, signature []byte
	// payload of a statement, or of the classic form.
	payload []byte
	simple  bool
}

// Judge verifies one blob. The other fields of the result can be trusted only
// if Verified is true.
func (p *Policy) Judge(img Image, a Attached) facts.Attestation {
	out := facts.Attestation{Digest: a.Digest, Form: formOf(a.MediaType), Reason: a.Problem}
	if a.Problem != "" {
		return out
	}
	out.Identity, out.Issuer = identity(a.Certificate)
	c, err := open(a, out.Form)
	if errors.Is(err, verify.ErrCertificate) && p.judgeIdentity(&out, img, a) {
		return out
	}
	if c != nil {
		unread := describe(&out, c, img)
		out.Readable = unread == nil
		if err == nil {
			err = unread
		}
	}
	if err != nil {
		out.Reason = err.Error()
		return out
	}
	n := verify.Signer(p.keys, c.signed, c.signature)
	switch {
	case c.signature == nil:
		out.Reason = "it is not signed"
	case n < 0:
		out.Reason = "it is not signed by a key of the trust policy"
	default:
		a := &p.authorities[p.owner[n]]
		out.Key, out.Allowed = a.Name, covers(a.repositories, img.Repository)
		out.Reason = p.reason(&out, p.invalid(a, p.keys[n]), "key", img)
		out.Verified = out.Reason == ""
	}
	return out
}

// judgeIdentity verifies a bundle that is signed with a certificate. It returns
// false if the policy trusts no identity.
func (p *Policy) judgeIdentity(out *facts.Attestation, img Image, b Attached) bool {
	var reasons []string
	for i := range p.authorities {
		a := &p.authorities[i]
		if a.Keyless == nil {
			continue
		}
		sig, err := a.Keyless.Verify(b.Data, p.now)
		if err != nil {
			reasons = append(reasons, a.Name+": "+err.Error())
			continue
		}
		out.Identity, out.Issuer = cut(sig.Subject), cut(sig.Issuer)
		unread := describe(out, &claim{payload: sig.Payload}, img)
		out.Readable = unread == nil
		if unread != nil {
			out.Reason = unread.Error()
			return true
		}
		out.Key, out.Allowed = a.Name, covers(a.repositories, img.Repository)
		why := a.Outside(sig.Time)
		if p.revoked.Identity(verify.Identity{Issuer: sig.Issuer, Subject: sig.Subject}) {
			why = fmt.Sprintf("identity %s is revoked", a.Name)
		}
		out.Reason = p.reason(out, why, "identity", img)
		if out.Verified = out.Reason == ""; out.Verified {
			return true
		}
		reasons = append(reasons, out.Reason)
	}
	if len(reasons) == 0 {
		return false
	}
	out.Reason = "it is not signed by an identity of the trust policy: " + strings.Join(reasons, "; ")
	return true
}

// reason says why a valid signature does not count, "" if it does. why is the
// reason that is known before.
func (p *Policy) reason(out *facts.Attestation, why, kind string, img Image) string {
	switch {
	case why != "":
		return why
	case !out.Allowed:
		return fmt.Sprintf("%s %s does not cover repository %s", kind, out.Key, img.Repository)
	case !out.SubjectMatches:
		return "it covers another image"
	}
	return ""
}

// invalid says why a key does not count now, "" if it does.
func (p *Policy) invalid(a *authority, key crypto.PublicKey) string {
	id, err := verify.KeyID(key)
	switch {
	case err != nil:
		return err.Error()
	case slices.Contains(p.revoked.Keys, id):
		return fmt.Sprintf("key %s is revoked", a.Name)
	}
	return a.Outside(p.now)
}

func formOf(mediaType string) string {
	switch {
	case strings.HasPrefix(mediaType, "application/vnd.dev.sigstore.bundle"):
		return formBundle
	case strings.HasPrefix(mediaType, "application/vnd.dsse.envelope"):
		return formDSSE
	case strings.HasPrefix(mediaType, "application/vnd.dev.cosign.simplesigning"):
		return formSimple
	}
	return formUnknown
}

// open reads a blob. A claim that is returned with an error can be read, but
// not verified.
func open(a Attached, form string) (*claim, error) {
	switch form {
	case formBundle:
		payload, signature, err := verify.OpenBundle(a.Data)
		if err != nil {
			return nil, err
		}
		return &claim{signed: verify.PAE(statement.PayloadType, payload), signature: signature, payload: payload}, nil
	case formDSSE:
		return openDSSE(a)
	case formSimple:
		c := &claim{signed: a.Data, payload: a.Data, simple: true}
		sig, err := base64.StdEncoding.DecodeString(a.Signature)
		if err != nil || len(sig) == 0 {
			return c, errors.New("its signature is missing or malformed")
		}
		c.signature = sig
		return c, certificateError(a)
	}
	return &claim{payload: a.Data}, nil
}

func openDSSE(a Attached) (*claim, error) {
	var e struct {
		PayloadType string `json:"payloadType"`
		Payload     []byte `json:"payload"`
		Signatures  []struct {
			Sig []byte `json:"sig"`
		} `json:"signatures"`
	}
	if err := statement.Decode(a.Data, &e); err != nil {
		return nil, fmt.Errorf("its envelope is malformed: %w", err)
	}
	c := &claim{signed: verify.PAE(e.PayloadType, e.Payload), payload: e.Payload}
	switch {
	case e.PayloadType != statement.PayloadType:
		return nil, fmt.Errorf("its payload type %.100q is not %s", e.PayloadType, statement.PayloadType)
	case len(e.Signatures) != 1:
		return c, fmt.Errorf("it has %d signatures, and must have one", len(e.Signatures))
	}
	c.signature = e.Signatures[0].Sig
	return c, certificateError(a)
}

func certificateError(a Attached) error {
	if a.Certificate == "" {
		return nil
	}
	return errors.New("it is signed with a certificate, and keyless signatures of this form cannot be verified")
}

// identity is the identity that a certificate claims: its first e-mail address
// or URI, and the issuer of the identity token.
func identity(certificate string) (name, issuer string) {
	block, _ := pem.Decode([]byte(certificate))
	if block == nil {
		return "", ""
	}
	cert, err := x509.ParseCertificate(block.Bytes)
	if err != nil {
		return "", ""
	}
	switch {
	case len(cert.EmailAddresses) > 0:
		name = cert.EmailAddresses[0]
	case len(cert.URIs) > 0:
		name = cert.URIs[0].String()
	}
	for _, e := range cert.Extensions {
		if e.Id.String() == "1.3.6.1.4.1.57264.1.1" { // the issuer, in Fulcio's extension
			issuer = string(e.Value)
		}
	}
	return cut(name), cut(issuer)
}

// describe reads which image a claim covers.
func describe(out *facts.Attestation, c *claim, img Image) error {
	if c.simple {
		var p struct {
			Critical struct {
				Identity struct {
					Reference string `json:"docker-reference"`
				} `json:"identity"`
				Image struct {
					Digest string `json:"docker-manifest-digest"`
				} `json:"image"`
				Type string `json:"type"`
			} `json:"critical"`
		}
		if err := statement.Decode(c.payload, &p); err != nil {
			return fmt.Errorf("its payload is malformed: %w", err)
		}
		out.SubjectMatches = slices.Contains(img.Digests, p.Critical.Image.Digest)
		out.SignedAs = repositoryOf(p.Critical.Identity.Reference)
		if p.Critical.Type != simpleType {
			return fmt.Errorf("its type %.100q is not %q", p.Critical.Type, simpleType)
		}
		out.Signs = true
		return nil
	}
	var s struct {
		Type    string `json:"_type"`
		Subject []struct {
			Name   string            `json:"name"`
			Digest map[string]string `json:"digest"`
		} `json:"subject"`
		PredicateType string          `json:"predicateType"`
		Predicate     json.RawMessage `json:"predicate"`
	}
	if err := statement.Decode(c.payload, &s); err != nil {
		return fmt.Errorf("its statement is malformed: %w", err)
	}
	// encoding/json matches member names in any letter case; other readers do
	// not.
	var exact map[string]json.RawMessage
	if err := json.Unmarshal(c.payload, &exact); err != nil {
		return fmt.Errorf("its statement is malformed: %w", err)
	}
	for _, name := range []string{"_type", "subject", "predicateType"} {
		if exact[name] == nil {
			return fmt.Errorf("its statement is malformed: member %s is missing", name)
		}
	}
	if !slices.Contains(statementTypes, s.Type) {
		return fmt.Errorf("its type %.100q is not %s", s.Type, statement.Type)
	}
	out.PredicateType = cut(s.PredicateType)
	for _, subject := range s.Subject {
		if slices.Contains(img.Digests, digests.FromHex(subject.Digest["sha256"])) {
			if name := repositoryOf(subject.Name); !out.SubjectMatches {
				out.SignedAs = name
			} else if name != out.SignedAs {
				out.SignedAs = "" // two names, of which none is sure
			}
			out.SubjectMatches = true
		}
	}
	out.Signs = s.PredicateType == statement.CosignSign
	if version, ok := strings.CutPrefix(s.PredicateType, "https://slsa.dev/provenance/"); ok {
		out.Signs = true
		p, err := provenance(version, s.Predicate)
		out.Provenance = p
		return err
	}
	return nil
}

// repositoryOf is the repository of an image reference, without tag and digest. Docker's
// registry has two names, and can be left out.
func repositoryOf(reference string) string {
	name, _, _ := strings.Cut(reference, "@")
	if i := strings.LastIndexByte(name, ':'); i > strings.LastIndexByte(name, '/') {
		name = name[:i]
	}
	registry, rest, more := strings.Cut(name, "/")
	switch {
	case name == "":
	case !more:
		name = "docker.io/library/" + name
	case registry == "index.docker.io":
		name = "docker.io/" + rest
	case registry != "localhost" && !strings.ContainsAny(registry, ".:"):
		name = "docker.io/" + name
	}
	return cut(name)
}

// provenance reads the members that the versions of SLSA provenance share.
// Provenance of an unknown version, or with members of another version, has no
// builder.
func provenance(version string, raw json.RawMessage) (*facts.Provenance, error) {
	var p struct {
		// v0.2
		Builder    struct{ ID string }
		BuildType  string
		Invocation struct {
			ConfigSource struct{ URI string }
		}
		Materials []struct{ URI string }
		// v1
		RunDetails struct {
			Builder struct{ ID string }
		}
		BuildDefinition struct {
			BuildType          string
			ExternalParameters struct {
				Workflow     struct{ Repository, Ref string } // of GitHub
				ConfigSource struct{ URI string }             // of BuildKit
			}
			ResolvedDependencies []struct{ URI string }
		}
	}
	var out facts.Provenance
	if err := strictjson.DecodeFolded(raw, &p); err != nil {
		return &out, fmt.Errorf("its provenance is malformed: %w", err)
	}
	var uris []string
	switch {
	case version == "v1" || strings.HasPrefix(version, "v1.") || strings.HasPrefix(version, "v1-"):
		d := p.BuildDefinition
		out.Builder, out.BuildType = p.RunDetails.Builder.ID, d.BuildType
		out.Source, out.Ref = d.ExternalParameters.Workflow.Repository, d.ExternalParameters.Workflow.Ref
		uris = append(uris, d.ExternalParameters.ConfigSource.URI)
		for _, dep := range d.ResolvedDependencies {
			uris = append(uris, dep.URI)
		}
	case version == "v0.1" || version == "v0.2":
		out.Builder, out.BuildType = p.Builder.ID, p.BuildType
		uris = append(uris, p.Invocation.ConfigSource.URI)
		for _, m := range p.Materials {
			uris = append(uris, m.URI)
		}
	}
	for _, uri := range uris {
		if out.Source != "" {
			break
		}
		if source, ok := strings.CutPrefix(uri, "git+"); ok {
			out.Source, out.Ref = splitRef(source)
		} else if repository, ref, _ := strings.Cut(uri, "#"); strings.HasSuffix(repository, ".git") && strings.Contains(repository, "://") {
			out.Source, out.Ref = repository, ref // BuildKit's form of a Git repository
		}
	}
	for _, s := range []*string{&out.Builder, &out.BuildType, &out.Source, &out.Ref} {
		*s = strings.TrimSpace(cut(*s)) // a blank name is not a builder
	}
	return &out, nil
}

// splitRef splits "https://host/repo@refs/heads/main". An @ before the path
// belongs to a user name.
func splitRef(uri string) (source, ref string) {
	start := strings.Index(uri, "://") + len("://")
	if path := strings.IndexByte(uri[start:], '/'); path >= 0 {
		if i := strings.LastIndexByte(uri, '@'); i > start+path {
			return uri[:i], uri[i+1:]
		}
	}
	return uri, ""
}

// cut truncates a text of unknown origin before it is kept in the facts.
func cut(s string) string {
	const most = 1000
	if len(s) > most {
		s = s[:most] + "…"
	}
	return strings.ToValidUTF8(s, "\uFFFD")
}
