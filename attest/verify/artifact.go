package verify

import (
	"crypto"
	"errors"
	"fmt"
	"time"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// MaxArtifactBundle is the largest size of an artifact's signature, in bytes.
const MaxArtifactBundle = 1 << 20

// Signers are the trusted signers of an artifact: one of them is enough.
type Signers struct {
	Keys []crypto.PublicKey
	// Keyless is a trusted identity, or nil. A signature that was made after Now is
	// refused.
	Keyless Keyless
	Now     time.Time
}

// None reports whether there are no signers.
func (s Signers) None() bool { return len(s.Keys) == 0 && s.Keyless == nil }

// Artifact requires that one of the bundles is a signature by a trusted signer.
// The signature covers the OCI artifact whose manifest has that digest
// (sha256:HEX). The other bundles may hold anything, because every user who can
// write to a registry can add one. The error is a Refusal when no trusted signer
// signed the artifact.
func Artifact(what, digest string, bundles [][]byte, by Signers) error {
	if by.None() {
		return system.BadInput("no public key is given").Suggest("give the public key that belongs to the signature")
	}
	if len(bundles) == 0 {
		return refuseNext("sign it with cosign, or name it with a digest that you have checked", CheckSignature, "", "%s is not signed", what)
	}
	var errs []error
	for _, raw := range bundles {
		err := by.sign(raw, digest)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	trusted := "key"
	if by.Keyless != nil {
		trusted = "signer"
	}
	return refuseNext("check that the key is the public key that belongs to the signature", CheckSignature, "",
		"%s is not signed by a trusted %s: %v", what, trusted, errors.Join(errs...))
}

// sign reports why a bundle is not a signature of the artifact by one of the signers.
func (s Signers) sign(raw []byte, digest string) error {
	if len(raw) > MaxArtifactBundle {
		return fmt.Errorf("the bundle is larger than %d bytes", MaxArtifactBundle)
	}
	payload, err := s.payload(raw)
	if err != nil {
		return err
	}
	return covers(payload, digest)
}

// payload is the content of a bundle that one of the signers signed.
func (s Signers) payload(raw []byte) ([]byte, error) {
	e, err := parseBundle(raw)
	if errors.Is(err, ErrCertificate) && s.Keyless != nil {
		signature, err := s.Keyless.Verify(raw, s.Now)
		if err != nil {
			return nil, err
		}
		return signature.Payload, nil
	}
	if err != nil {
		return nil, err
	}
	if e.signer(s.Keys) < 0 {
		return nil, errors.New("the bundle is signed with another key")
	}
	return e.payload, nil
}

// covers reports why a statement is not a signature of the artifact.
func covers(payload []byte, digest string) error {
	s, err := statement.Parse(payload)
	if err != nil {
		return err
	}
	if s.PredicateType != statement.CosignSign {
		return fmt.Errorf("a statement of type %q is not a signature", s.PredicateType)
	}
	if len(s.Subject) != 1 || s.Subject[0].SHA256() != digest {
		return errors.New("the signature covers another artifact")
	}
	return nil
}
