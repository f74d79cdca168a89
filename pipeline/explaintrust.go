package pipeline

import (
	"context"

	"github.com/seaworthy-os/seaworthy/attest/trust"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Trusted is what a trust policy requires of a component image, and what was found.
type Trusted struct {
	// Image is the name of the image, with its digest.
	Image        string
	Attestations []facts.Attestation
	Requirements []verify.Requirement
	// Truncated: there are more attestations than were read.
	Truncated bool
}

// ExplainTrust compares a component image with a trust policy. Requirements that are
// not met are not an error.
func ExplainTrust(ctx context.Context, p *trust.Policy, reference string, o component.Options) (*Trusted, error) {
	store, err := component.Open(o)
	if err != nil {
		return nil, err
	}
	defer store.Close()
	img, err := store.Find(ctx, reference, system.Position{})
	if err != nil {
		return nil, err
	}
	list, cut, err := store.Attached(ctx, img)
	if err != nil {
		return nil, err
	}
	ref, err := oci.ParseReference(img.Name)
	if err != nil {
		return nil, err
	}
	out := &Trusted{Image: img.Name + "@" + img.Digest, Truncated: cut}
	out.Attestations, out.Requirements = judge(p, ref, img, list)
	return out, nil
}

// judge verifies the attestations of an image, and compares them with the rules.
func judge(p *trust.Policy, ref oci.Reference, img *system.Image, list []component.Attached) ([]facts.Attestation, []verify.Requirement) {
	about := trust.Image{Repository: ref.Registry + "/" + ref.Repository, Digests: []string{img.Manifest, img.Digest}}
	found := []facts.Attestation{}
	for _, a := range list {
		found = append(found, p.Judge(about, trust.Attached(a)))
	}
	sortAttestations(found)
	return found, p.Settle(about, found)
}
