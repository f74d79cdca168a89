package verify

import (
	"crypto"
	"errors"
	"fmt"

	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// MaxArtifactBundle is the size that the signature of an artifact may have, in
// bytes.
const MaxArtifactBundle = 1 << 20

// Artifact wants one of the bundles to be a trusted key's signature of the OCI
// artifact whose manifest has that digest (sha256:HEX). The others may be
// anything: whoever can write to a registry can add one. What is not signed is
// a Refusal.
func Artifact(what, digest string, bundles [][]byte, keys []crypto.PublicKey) error {
	if len(keys) == 0 {
		return system.BadInput("no key to verify with").Suggest("give the public key of who signed it")
	}
	if len(bundles) == 0 {
		return refuseNext("have it signed, or ask for it at a digest that you know", CheckSignature, "", "%s is not signed", what)
	}
	var errs []error
	for _, raw := range bundles {
		err := signs(raw, digest, keys)
		if err == nil {
			return nil
		}
		errs = append(errs, err)
	}
	return refuseNext("check that the key is the public key of who signed it", CheckSignature, "",
		"%s is not signed by a key that is trusted: %v", what, errors.Join(errs...))
}

// signs says why a bundle is no signature of the artifact.
func signs(raw []byte, digest string, keys []crypto.PublicKey) error {
	if len(raw) > MaxArtifactBundle {
		return fmt.Errorf("bundle of more than %d bytes", MaxArtifactBundle)
	}
	e, err := parseBundle(raw)
	if err != nil {
		return err
	}
	if e.signer(keys) < 0 {
		return errors.New("signed by another key")
	}
	s, err := statement.Parse(e.payload)
	if err != nil {
		return err
	}
	if s.PredicateType != statement.CosignSign {
		return fmt.Errorf("a statement of type %q is no signature", s.PredicateType)
	}
	if len(s.Subject) != 1 || s.Subject[0].SHA256() != digest {
		return errors.New("a signature of something else")
	}
	return nil
}
