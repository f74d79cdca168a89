package pipeline

import (
	"context"
	"slices"

	"github.com/seaworthy-os/seaworthy/attest"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/system"
)

// Countersign verifies the image in dir with v, adds a signature of its provenance,
// verifies the result, and then replaces dir. v must not require the signature that
// is missing; see verify.Policy.Countersigning.
func Countersign(ctx context.Context, dir string, v *verify.Verifier, signer attest.Signer) error {
	r, err := v.Dir(dir)
	if err != nil {
		return err
	}
	defer r.Close()
	id, err := signer.Identify(ctx)
	if err != nil {
		return err
	}
	if slices.Contains(r.Signers, id) {
		return system.BadInput("%s is signed by this signer already (%s)", dir, id).Suggest("countersign with the key of another person or machine")
	}
	return Place(dir, func(next string) error {
		if err := attest.Countersign(ctx, dir, next, r.Provenance, signer); err != nil {
			return err
		}
		again, err := v.Dir(next)
		if err != nil {
			return err
		}
		return again.Close()
	})
}
