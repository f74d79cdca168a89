package verify

import (
	"crypto"
	"encoding/base64"
	"encoding/hex"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/internal/digests"
)

// Authority is a trusted signer: a person, a team or a service.
type Authority struct {
	// Name is the name in rules and reports.
	Name string
	// Keys are its public keys. A signature by one of them is a signature of the
	// authority.
	Keys []crypto.PublicKey
	// Keyless verifies signatures by certificate. It is nil if the authority has
	// only keys.
	Keyless Keyless
	// Systems are the names of the systems that it may sign; see Covers. If empty,
	// it may sign all.
	Systems []string
	// From and Until limit the time of its signatures; zero means no limit. A
	// signature by key has no trusted time, so the time of the check counts
	// (Policy.Now). For a signature by certificate, its Time counts.
	From, Until time.Time
}

// Keyless verifies signatures that were made with a certificate.
type Keyless interface {
	// Verify verifies a Sigstore bundle and the identity in its certificate. It
	// must refuse a bundle with members that it does not verify, because nothing
	// else verifies them. now is the time of the check.
	Verify(bundle []byte, now time.Time) (*Signature, error)
}

// Signature is a signature by certificate that was verified.
type Signature struct {
	// Payload is the signed DSSE payload, of type statement.PayloadType.
	Payload []byte
	// Issuer and Subject are the identity in the certificate. Issuer is the
	// identity provider, or the name of the certificate authority.
	Issuer, Subject string
	// Time is the trusted time of the signature: of a timestamp or a log entry.
	Time time.Time
}

// Identity is an identity in a certificate.
type Identity struct{ Issuer, Subject string }

// Revoked lists what is no longer accepted, even if it is signed.
type Revoked struct {
	// Keys are ids of keys; see KeyID.
	Keys []string
	// Identities are identities in certificates. A * at the end of a subject matches
	// any text.
	Identities []Identity
	// Digests (sha256:HEX) are digests of images, of their files and components,
	// of sources, and of policies.
	Digests []string
}

// Identity reports whether an identity is revoked.
func (r *Revoked) Identity(of Identity) bool {
	return slices.ContainsFunc(r.Identities, func(one Identity) bool {
		return one.Issuer == of.Issuer && Covers([]string{one.Subject}, of.Subject)
	})
}

// Covers reports whether one of the patterns is the name, or ends in * and begins
// it. An empty list covers all names.
func Covers(patterns []string, name string) bool {
	return len(patterns) == 0 || slices.ContainsFunc(patterns, func(p string) bool {
		begin, open := strings.CutSuffix(p, "*")
		return p == name || open && strings.HasPrefix(name, begin)
	})
}

// trustedKey is one key of an authority.
type trustedKey struct {
	authority int
	// id and hint name the key in reports and in bundles.
	id, hint string
}

// signature says who made a signature of a bundle.
type signature struct {
	authority int
	// id is the id of the key, or the identity in the certificate.
	id string
	// why is the reason if the signature is not accepted, "" if it is.
	why string
}

// errStranger refuses a signature by an unknown key or identity.
var errStranger = errors.New("not signed by a trusted key")

// signedBy verifies the signature of a bundle and returns its payload. An error
// means that no authority made the signature.
func (v *Verifier) signedBy(raw []byte) ([]byte, signature, error) {
	e, err := parseBundle(raw)
	if errors.Is(err, ErrCertificate) && v.keyless {
		return v.signedByIdentity(raw)
	}
	if err != nil {
		return nil, signature{}, err
	}
	n := Signer(v.keys, PAE(statement.PayloadType, e.payload), e.signature)
	if n < 0 {
		if id := hinted(raw); id != "" && slices.Contains(v.policy.Revoked.Keys, id) {
			return nil, signature{}, fmt.Errorf("names key %s, which is revoked", id)
		}
		return nil, signature{}, errStranger
	}
	k := v.trusted[n]
	if err := statement.ExactBundle(raw, k.hint, e.payload, e.signature); err != nil {
		return nil, signature{}, fmt.Errorf("the statement is signed, but the bundle contains data that is not signed: %w", err)
	}
	by := signature{authority: k.authority, id: k.id, why: v.policy.Authorities[k.authority].Outside(v.policy.Now)}
	if slices.Contains(v.policy.Revoked.Keys, k.id) {
		by.why = fmt.Sprintf("key %s of %s is revoked", k.id, v.name(k.authority))
	}
	return e.payload, by, nil
}

// signedByIdentity verifies a bundle with a certificate. If the identity is one of
// several authorities, the first one counts that accepts the signature.
func (v *Verifier) signedByIdentity(raw []byte) ([]byte, signature, error) {
	var why []string
	var payload []byte
	var refused signature
	for i, a := range v.policy.Authorities {
		if a.Keyless == nil {
			continue
		}
		sig, err := a.Keyless.Verify(raw, v.policy.Now)
		if err != nil {
			why = append(why, a.Name+": "+err.Error())
			continue
		}
		by := signature{authority: i, id: sig.Subject + " (" + sig.Issuer + ")", why: a.Outside(sig.Time)}
		if v.policy.Revoked.Identity(Identity{sig.Issuer, sig.Subject}) {
			by.why = fmt.Sprintf("identity %s of %s is revoked", by.id, a.Name)
		}
		if by.why == "" {
			return sig.Payload, by, nil
		}
		if payload == nil {
			payload, refused = sig.Payload, by
		}
	}
	if payload != nil {
		return payload, refused, nil
	}
	return nil, signature{}, fmt.Errorf("not signed by a trusted identity: %s", strings.Join(why, "; "))
}

// Outside says why a signature of the authority does not count that was made at a
// time, "" if it does.
func (a *Authority) Outside(at time.Time) string {
	switch {
	case !a.From.IsZero() && at.Before(a.From):
		return fmt.Sprintf("signatures of %s are valid from %s", a.Name, statement.Time(a.From))
	case !a.Until.IsZero() && !at.Before(a.Until):
		return fmt.Sprintf("signatures of %s were valid until %s", a.Name, statement.Time(a.Until))
	}
	return ""
}

// name of an authority, as reports show it.
func (v *Verifier) name(authority int) string { return v.policy.Authorities[authority].Name }

// hinted is the id of the key that a bundle names, "" if it names none.
func hinted(raw []byte) string {
	var b struct {
		VerificationMaterial struct {
			PublicKey struct {
				Hint string `json:"hint"`
			} `json:"publicKey"`
		} `json:"verificationMaterial"`
	}
	if statement.Decode(raw, &b) != nil {
		return ""
	}
	sum, err := base64.StdEncoding.DecodeString(b.VerificationMaterial.PublicKey.Hint)
	if err != nil || len(sum) != 32 {
		return ""
	}
	return digests.FromHex(hex.EncodeToString(sum))
}

// countersignature is a further signature of the provenance.
type countersignature struct {
	file bundleFile
	by   signature
}
