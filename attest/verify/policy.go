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

// Policy says which keys are trusted, and what a seal must contain.
type Policy struct {
	// Keys are trusted keys: ECDSA P-256 or Ed25519. A signature by one of them is
	// enough. Give Keys, or Authorities with Rules.
	Keys []crypto.PublicKey
	// Authorities are the trusted signers, and Rules what they must have signed.
	// Each Rule that covers a system must be met.
	Authorities []Authority
	Rules       []Rule
	// Revoked is never accepted.
	Revoked Revoked
	// SecondOpinion is the path of a second opinion about the image, "" if there is
	// none. If it is given, it must be valid, and be signed by an authority that did
	// not sign the image.
	SecondOpinion string
	// Countersigning accepts an image that not enough authorities signed yet, so
	// that another one can check and sign it. The result must not be used.
	Countersigning bool
	// RequirePolicy is the policy that the image must have passed, alone or
	// together with others: baseline, hardened or strict, each of which
	// includes the packs before it, or the exact name of another policy. ""
	// requires no particular policy.
	RequirePolicy string
	// RequireDigest is the policy's digest, sha256:HEX; "" requires none.
	RequireDigest string
	// FailOn is used if RequirePolicy is given: no finding of this severity or
	// a higher one may have failed. "" means low: no finding of the policy may
	// have failed, even if the build had a higher --fail-on.
	FailOn string
	// Name is the required system name, and Image (sha256:HEX) the required
	// digest of its OCI manifest; "" allows any.
	Name, Image string
	// NotOlderThan is the earliest allowed time of the decision. The zero Time
	// allows any time, and a decision without a time.
	NotOlderThan time.Time
	// Now is the time at which waivers must be valid. No decision may be later.
	Now time.Time
}

// Verifier verifies images by its Policy. Make one with New.
type Verifier struct {
	policy Policy
	// keys are the keys of all authorities, and trusted says whose they are.
	keys    []crypto.PublicKey
	trusted []trustedKey
	// keyless reports whether an authority verifies certificates.
	keyless bool
}

// New makes a Verifier. It refuses a policy without a signer, and one without a
// time for the expiry of waivers (system.ErrInput).
func New(p Policy) (*Verifier, error) {
	var errs []error
	if len(p.Keys) > 0 && len(p.Authorities) > 0 {
		errs = append(errs, system.BadInput("both public keys and a trust policy are given").Suggest("list the keys in the trust policy"))
	}
	p.Authorities = slices.Clone(p.Authorities)
	for i, k := range p.Keys {
		name := fmt.Sprintf("key %d", i+1)
		if id, err := KeyID(k); err == nil {
			name = "key " + id
		}
		p.Authorities = append(p.Authorities, Authority{Name: name, Keys: []crypto.PublicKey{k}})
	}
	v := &Verifier{policy: p}
	if len(p.Authorities) == 0 {
		errs = append(errs, system.BadInput("no public key is given").Suggest("give the public key of the image's builder: --key seaworthy.pub"))
	}
	for i, a := range p.Authorities {
		if len(a.Keys) == 0 && a.Keyless == nil {
			errs = append(errs, system.BadInput("authority %q has no key", a.Name))
		}
		v.keyless = v.keyless || a.Keyless != nil
		for _, k := range a.Keys {
			sum, err := keySum(k)
			if err != nil {
				errs = append(errs, system.BadInput("a given key cannot be used").Because(err).Suggest("use an ECDSA P-256 or Ed25519 key"))
				continue
			}
			if slices.ContainsFunc(v.trusted, func(t trustedKey) bool { return t.id == idOf(sum) && t.authority != i }) {
				errs = append(errs, system.BadInput("key %s belongs to two signers", idOf(sum)).Suggest("give each key once, or a threshold could be met by one person"))
			}
			v.keys = append(v.keys, k)
			v.trusted = append(v.trusted, trustedKey{authority: i, id: idOf(sum), hint: statement.KeyHint(sum)})
		}
	}
	errs = append(errs, v.checkRules()...)
	if p.Now.IsZero() {
		errs = append(errs, system.BadInput("waivers cannot be checked without a time").Suggest("give --now, or set the clock"))
	}
	if p.RequireDigest != "" {
		if _, err := statement.DigestSet(p.RequireDigest); err != nil {
			errs = append(errs, system.BadInput("the required policy is malformed").Because(err).Suggest("write NAME@sha256:HEX"))
		}
	}
	if p.Image != "" {
		if _, err := statement.DigestSet(p.Image); err != nil {
			errs = append(errs, system.BadInput("the required image digest is malformed").Because(err).Suggest("use the digest that seaworthy verify prints: sha256:HEX"))
		}
	}
	if p.FailOn != "" && decision.Severity(p.FailOn).Rank() == 0 {
		errs = append(errs, system.BadInput("the required fail-on cannot be %q", p.FailOn).Suggest("use low, medium, high or critical"))
	}
	if err := errors.Join(errs...); err != nil {
		return nil, err
	}
	return v, nil
}

// ParseRequirement splits NAME[@DIGEST], the form of --require-policy.
func ParseRequirement(s string) (name, digest string, err error) {
	name, digest, found := strings.Cut(s, "@")
	if name == "" {
		return "", "", system.BadInput("required policy %q has no name", s).Suggest("write NAME or NAME@sha256:HEX")
	}
	if !found {
		return name, "", nil
	}
	if _, err := statement.DigestSet(digest); err != nil {
		return "", "", system.BadInput("required policy %q is malformed", s).Because(err).Suggest("write NAME or NAME@sha256:HEX")
	}
	return name, digest, nil
}

// SetTimes sets Now and NotOlderThan from the values of --now and --not-older-than;
// "" is a flag that was not given. Without --now, the clock counts.
func (p *Policy) SetTimes(now, since string) error {
	p.Now = time.Now().UTC()
	if now != "" {
		at, day, err := ParseTime("now", now)
		if err != nil {
			return err
		}
		if p.Now = at; day {
			// A day means its last second: a decision of the same day must not be in
			// the future.
			p.Now = at.AddDate(0, 0, 1).Add(-time.Second)
		}
	}
	if since == "" {
		return nil
	}
	var err error
	if p.NotOlderThan, _, err = ParseTime("not-older-than", since); err == nil && p.NotOlderThan.IsZero() {
		p.NotOlderThan = time.Unix(0, 0) // year 1 is the zero Time, which means "not given"
	}
	return err
}

// ParseTime reads the value of a flag: a time, or a day, which means its first
// second.
func ParseTime(flag, s string) (at time.Time, day bool, err error) {
	if at, err = time.Parse(time.DateOnly, s); err == nil {
		return at, true, nil
	}
	if at, err = time.Parse(time.RFC3339, s); err == nil {
		return at.UTC(), false, nil
	}
	return at, false, system.BadInput("--%s %q is not a time", flag, s).Suggest("write 2027-01-31 or 2027-01-31T12:00:00Z")
}

// phrase names a policy, with its digest if a digest is required.
func (p *Policy) phrase(name, digest string) string {
	if p.RequireDigest == "" {
		return name
	}
	return name + " with digest " + digest
}

// maxKey is the largest size of a public key file.
const maxKey = 64 << 10

// LoadKey reads a public key from a PEM file, such as seaworthy.pub or
// cosign.pub. A file without a public key is system.ErrInput.
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
		return nil, errors.New("the file is not in PEM format")
	case block.Type != "PUBLIC KEY":
		return nil, fmt.Errorf("PEM of type %q is not PUBLIC KEY", block.Type)
	case strings.TrimSpace(string(rest)) != "":
		return nil, errors.New("the file contains more than one key, or text after the key")
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

// KeyID is sha256:HEX of a key in PKIX form. An unsupported kind of key is an
// error.
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
			return sum, errors.New("the ECDSA key is not on curve P-256")
		}
	case ed25519.PublicKey:
	default:
		return sum, fmt.Errorf("the key has type %T, and must be ECDSA or Ed25519", key)
	}
	der, err := x509.MarshalPKIXPublicKey(key)
	if err != nil {
		return sum, err
	}
	return sha256.Sum256(der), nil
}
