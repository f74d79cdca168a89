package verify

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/internal/bounded"
	"github.com/seaworthy-os/seaworthy/internal/digests"
	"github.com/seaworthy-os/seaworthy/policy/decision"
)

// Policy says whose seal is believed, and what it must contain.
type Policy struct {
	// Keys are trusted alike: ECDSA P-256 or Ed25519. At least one.
	Keys []crypto.PublicKey
	// RequirePolicy is the policy that the image must have passed, alone or
	// together with others: baseline, hardened or strict, each of which holds
	// for the ones before it, or another policy's very name. "" asks for none
	// in particular.
	RequirePolicy string
	// RequireDigest is the policy's digest, sha256:HEX; "" asks for none.
	RequireDigest string
	// FailOn is the lowest severity of which no finding may have failed where
	// RequirePolicy is given; "" is low, so that nothing that the policy
	// contains failed, whatever the build's own --fail-on was.
	FailOn string
	// Name is the system that is meant, and Image (sha256:HEX) the digest of
	// its OCI manifest; "" is any.
	Name, Image string
	// NotOlderThan is the earliest time at which the decision may have been
	// made; the zero Time is any, and then a decision need not say.
	NotOlderThan time.Time
	// Now is what the expiry of waivers is judged by. No decision is later.
	Now time.Time
}

// Verifier believes what its Policy says. Make one with New.
type Verifier struct {
	policy Policy
	// ids and hints name the keys, in reports and in bundles.
	ids, hints []string
}

// New makes a Verifier. A policy that would believe anybody, or never finds a
// waiver expired, is refused (system.ErrInput).
func New(p Policy) (*Verifier, error) {
	v := &Verifier{policy: p}
	var errs []error
	if len(p.Keys) == 0 {
		errs = append(errs, system.BadInput("no key to verify with").Suggest("give the public key of who built the image: --key seaworthy.pub"))
	}
	for _, k := range p.Keys {
		sum, err := keySum(k)
		if err != nil {
			errs = append(errs, system.BadInput("key to verify with").Because(err).Suggest("use an ECDSA P-256 or Ed25519 key"))
		}
		v.ids, v.hints = append(v.ids, idOf(sum)), append(v.hints, statement.KeyHint(sum))
	}
	if p.Now.IsZero() {
		errs = append(errs, system.BadInput("no time to judge waivers by").Suggest("give --now, or set the clock"))
	}
	if p.RequireDigest != "" {
		if _, err := statement.DigestSet(p.RequireDigest); err != nil {
			errs = append(errs, system.BadInput("policy to require").Because(err).Suggest("write NAME@sha256:HEX"))
		}
	}
	if p.Image != "" {
		if _, err := statement.DigestSet(p.Image); err != nil {
			errs = append(errs, system.BadInput("image that is meant").Because(err).Suggest("write the digest that verify prints: sha256:HEX"))
		}
	}
	if p.FailOn != "" && decision.Severity(p.FailOn).Rank() == 0 {
		errs = append(errs, system.BadInput("fail-on %q is no severity that can be required", p.FailOn).Suggest("use low, medium, high or critical"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return v, nil
}

// ParseRequirement splits NAME[@DIGEST], as --require-policy has it.
func ParseRequirement(s string) (name, digest string, err error) {
	name, digest, found := strings.Cut(s, "@")
	if name == "" {
		return "", "", system.BadInput("policy to require %q has no name", s).Suggest("write NAME or NAME@sha256:HEX")
	}
	if !found {
		return name, "", nil
	}
	if _, err := statement.DigestSet(digest); err != nil {
		return "", "", system.BadInput("policy to require %q", s).Because(err).Suggest("write NAME or NAME@sha256:HEX")
	}
	return name, digest, nil
}

// satisfied says whether one of the policies that were passed is the one
// required, or a pack that contains it. A digest that is required must be that
// very policy's.
func (p *Policy) satisfied(passed []statement.Policy) bool {
	return slices.ContainsFunc(passed, func(one statement.Policy) bool {
		name, ok := statement.PolicyName(one.URI)
		if p.RequirePolicy != "" && p.RequirePolicy != name {
			have, want := decision.PackRank(name), decision.PackRank(p.RequirePolicy)
			ok = ok && want > 0 && have >= want
		}
		return ok && (p.RequireDigest == "" || p.RequireDigest == statement.Descriptor{Digest: one.Digest}.SHA256())
	})
}

// phrase names a policy, with its digest where one is required.
func (p *Policy) phrase(name, digest string) string {
	if p.RequireDigest == "" {
		return name
	}
	return name + " with digest " + digest
}

// maxKey bounds a public key's file.
const maxKey = 64 << 10

// LoadKey reads a public key from a PEM file, as seaworthy.pub and cosign.pub
// are. A file that is none is system.ErrInput.
func LoadKey(path string) (crypto.PublicKey, error) {
	raw, err := bounded.ReadFile(path, maxKey)
	if err == nil {
		var key crypto.PublicKey
		if key, err = ParseKey(raw); err == nil {
			return key, nil
		}
	}
	return nil, system.BadInput("public key %s", path).Because(err).Suggest("give the PEM file of the public key that belongs to the signature")
}

// ParseKey reads one PEM block of type PUBLIC KEY: ECDSA P-256 or Ed25519 in
// PKIX form.
func ParseKey(raw []byte) (crypto.PublicKey, error) {
	block, rest := pem.Decode(raw)
	switch {
	case block == nil:
		return nil, errors.New("not PEM")
	case block.Type != "PUBLIC KEY":
		return nil, fmt.Errorf("PEM of type %q is not PUBLIC KEY", block.Type)
	case strings.TrimSpace(string(rest)) != "":
		return nil, errors.New("something follows the key")
	}
	key, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		return nil, err
	}
	if _, err := KeyID(key); err != nil {
		return nil, err
	}
	return key, nil
}

// KeyID is sha256:HEX of a key in PKIX form. It is an error for a key of a
// kind that is not believed.
func KeyID(key crypto.PublicKey) (string, error) {
	sum, err := keySum(key)
	if err != nil {
		return "", err
	}
	return idOf(sum), nil
}

func idOf(sum [sha256.Size]byte) string { return digests.FromHex(hex.EncodeToString(sum[:])) }

// keySum is the SHA-256 of a key in PKIX form.
func keySum(key crypto.PublicKey) (sum [sha256.Size]byte, err error) {
	switch k := key.(type) {
	case *ecdsa.PublicKey:
		if k.Curve != elliptic.P256() {
			return sum, errors.New("ECDSA key is not on curve P-256")
		}
	case ed25519.PublicKey:
	default:
		return sum, fmt.Errorf("key of type %T is not ECDSA or Ed25519", key)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return sum, err
	}
	return sha256.Sum256(der), nil
}
