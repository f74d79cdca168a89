package verify

import (
	"crypto"
	"errors"
	"fmt"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// MaxArtifactBundle is the largest size of an artifact's signature, in bytes.
const MaxArtifactBundle = 1 << 20

// Artifact requires that one of the bundles is a signature by a trusted key.
// The signature covers the OCI artifact whose manifest has that digest
// (sha256:HEX). The other bundles may hold anything, because every user who can
// write to a registry can add one. The error is a Refusal when no trusted key
// signed the artifact.
func Artifact(what, digest string, bundles [][]byte, keys []crypto.PublicKey) error {
	if len(keys) == 0 {
		return system.BadInput("no public key is given").Suggest("give the public key that belongs to the signature")
	}
	if len(bundles) == 0 {
		return refuseNext("sign it with cosign, or name it with a digest that you have checked", CheckSignature, "", "%s is not signed", what)
	}
	var errs []error
	for _, raw := range bundles {
		err := signs(raw, digest, keys)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return refuseNext("check that the key is the public key that belongs to the signature", CheckSignature, "",
		"%s is not signed by a trusted key: %v", what, errors.Join(errs...))
}

// signs reports why a bundle is not a signature of the artifact.
func signs(raw []byte, digest string, keys []crypto.PublicKey) error {
	if len(raw) > MaxArtifactBundle {
		return fmt.Errorf("the bundle is larger than %d bytes", MaxArtifactBundle)
	}
	e, err := parseBundle(raw)
	if err != nil {
		return err
	}
	if e.signer(keys) < 0 {
		return errors.New("the bundle is signed with another key")
	}
	s, err := statement.Parse(e.payload)
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
