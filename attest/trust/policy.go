// Package trust reads a trust policy: who may sign component images and systems,
// how many of them must sign, what their statements must say, and what is
// revoked. Load reads the file. Judge verifies one signature or statement beside
// a component image, in each form in which they lie there: Sigstore bundles, bare
// DSSE envelopes, and cosign's classic form. Settle then compares all of them with
// the rules. Verifier makes the verifier of systems. A signature that cannot be
// verified is not trusted, and the reason is given.
package trust

import (
	"crypto"
	"errors"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/internal/strictyaml"
)

// Policy is a trust policy. Make one with Load.
type Policy struct {
	// Digest is sha256:HEX of the file.
	Digest string

	authorities []authority
	components  []componentRule
	systems     []verify.Rule
	revoked     verify.Revoked
	// keys are the keys of all authorities, and owner their indexes.
	keys  []crypto.PublicKey
	owner []int
	// now is the time of the check.
	now time.Time
}

// authority is a trusted signer, and what it may sign.
type authority struct {
	verify.Authority
	// repositories of component images. Here an empty list means none, in
	// Authority.Systems too.
	repositories []string
}

// componentRule says what the images of certain repositories need.
type componentRule struct {
	repositories []string
	signedBy     []string
	threshold    int
	// name says how the name in the signed content must be equal to that of the image.
	name nameRule
	// sbom requires a signed SBOM. provenance requires signed provenance with one of
	// these builders and sources; an empty list allows any.
	sbom             bool
	provenance       bool
	builders, source []string
}

// nameRule says which names in the signed content of an image count.
type nameRule string

const (
	anyName   nameRule = ""
	exactName nameRule = "exact" // the repository
	pathName  nameRule = "path"  // the repository in any registry
)

// accepts reports whether an image of a repository may have been signed as another.
func (r nameRule) accepts(signedAs, repository string) bool {
	if r == pathName {
		_, signedAs, _ = strings.Cut(signedAs, "/")
		_, repository, _ = strings.Cut(repository, "/")
	}
	return r == anyName || signedAs == repository && signedAs != ""
}

// Identity is a keyless identity of a trust policy.
type Identity struct {
	// Name of the authority.
	Name string
	// Issuer is the URL of the identity provider, and Subject the identity in the
	// certificate: an e-mail address or a URI.
	Issuer, Subject string
	// TrustedRoot is the path of Sigstore's TrustedRoot file.
	TrustedRoot string
}

// Keyless makes the verifier of a keyless identity.
type Keyless func(Identity) (verify.Keyless, error)

// Option changes how Load works.
type Option func(*loader)

// WithKeyless lets Load accept keyless identities. Without it they are an error: a
// program that cannot verify them must not ignore them.
func WithKeyless(k Keyless) Option { return func(l *loader) { l.keyless = k } }

const (
	maxPolicy = 1 << 20
	maxList   = 256
)

// Load reads a trust policy; docs/trust.md describes it. It reports all errors at
// once (ErrInput). now is the time of the check, which decides about keys that are
// not valid yet or no longer.
func Load(path string, now time.Time, options ...Option) (*Policy, error) {
	raw, err := bounded.ReadFile(path, maxPolicy)
	if err != nil {
		return nil, system.BadInput("the trust policy cannot be read").At(system.Position{File: path}).Because(err).
			Suggest("%s", howTo)
	}
	return parse(path, raw, now, options...)
}

// parse reads the text of a policy. Files of keys are relative to path.
func parse(path string, raw []byte, now time.Time, options ...Option) (*Policy, error) {
	l := &loader{Reader: strictyaml.Reader{Name: path}, policy: &Policy{Digest: digests.Of(raw), now: now}}
	for _, o := range options {
		o(l)
	}
	root, err := strictyaml.Parse(path, raw)
	switch {
	case root == nil && err != nil:
		return nil, err
	case root == nil:
		return nil, system.BadInput("the trust policy is empty").At(system.Position{File: path}).Suggest("%s", howTo)
	}
	l.document(root)
	if err := errors.Join(err, l.Err()); err != nil {
		return nil, err
	}
	return l.policy, nil
}

// howTo is the next step if there is no usable file.
const howTo = "give --trust a file with a list of authorities; see docs/trust.md"

// Verifier makes the verifier of systems. base has the requirements of flags,
// which must be met too, and the time of the check. A policy that lets no authority
// sign systems is an ErrInput.
func (p *Policy) Verifier(base verify.Policy) (*verify.Verifier, error) {
	for _, a := range p.authorities {
		if len(a.Systems) > 0 { // for verify, an empty list means all systems
			base.Authorities = append(base.Authorities, a.Authority)
		}
	}
	if len(base.Authorities) == 0 {
		return nil, system.BadInput("the trust policy does not say who may sign systems").
			Suggest(`add systems: [NAME], or ["*"] for all, to an authority; see docs/trust.md`)
	}
	base.Rules, base.Revoked = p.systems, p.revoked
	return verify.New(base)
}

// covers is verify.Covers for repositories (REGISTRY/PATH), but an empty list covers
// none.
func covers(patterns []string, repository string) bool {
	return len(patterns) > 0 && verify.Covers(patterns, repository)
}
