package pipeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"

	"github.com/seaworthy-os/seaworthy/attest/trust"
	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/attest/verify/keyless"
	"github.com/seaworthy-os/seaworthy/builder"
	"github.com/seaworthy-os/seaworthy/builder/component"
	"github.com/seaworthy-os/seaworthy/builder/component/oci"
	"github.com/seaworthy-os/seaworthy/builder/system"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// trusted holds the attestations of a system's images by component id. The zero value
// means that no trust policy was given.
type trusted struct {
	digest string
	found  map[string]facts.Attestations
}

// signers reads the trust policy. It returns nil if no trust policy was given.
func (o CheckOptions) signers() (*trust.Policy, error) {
	if o.Trust == "" {
		return nil, nil
	}
	return trust.Load(o.Trust, o.Policy.Now, Keyless)
}

// Keyless lets a trust policy have keyless identities.
var Keyless = trust.WithKeyless(func(id trust.Identity) (verify.Keyless, error) {
	return keyless.Load(id.TrustedRoot, keyless.Identity{Issuer: id.Issuer, Subject: id.Subject})
})

// attestations finds the attestations of each image and verifies them with p. An
// image of the trust section without a trusted signature is an ErrMismatch. A trust
// section without a trust policy is an ErrInput.
func attestations(ctx context.Context, p *trust.Policy, r *builder.Resolved) (trusted, error) {
	if p == nil {
		if r.Trust == (system.Position{}) {
			return trusted{}, nil
		}
		return trusted{}, system.BadInput("trust: signatures are required, but no trust policy was given").At(r.Trust).
			Suggest("list the trusted keys in a trust policy, and use it: --trust trust.yml")
	}
	t := trusted{digest: p.Digest, found: map[string]facts.Attestations{}}
	all := make([]facts.Attestations, len(r.OS.Components))
	errs := make([]error, len(all))
	var g errgroup.Group
	g.SetLimit(16) // most of the time is spent waiting for registries
	for i, c := range r.OS.Components {
		if c.Image != nil {
			g.Go(func() error {
				all[i], errs[i] = attested(ctx, r.Store, p, c)
				return nil
			})
		}
	}
	_ = g.Wait() // each goroutine has put its error in errs
	for i, c := range r.OS.Components {
		if errs[i] != nil {
			errs[i] = at(c, errs[i])
			continue
		}
		t.found[c.ID()] = all[i]
		if c.Signed && c.Image != nil {
			errs[i] = unsigned(c, all[i])
		}
	}
	return t, component.Join(errs)
}

// attested returns the verified attestations of one image.
func attested(ctx context.Context, store *component.Store, p *trust.Policy, c *system.Component) (facts.Attestations, error) {
	out := facts.Attestations{Found: []facts.Attestation{}}
	list, cut, err := store.Attached(ctx, c.Image)
	if errors.Is(err, component.ErrNotAsked) {
		return out, nil
	}
	if err != nil {
		return out, err
	}
	ref, err := oci.ParseReference(c.Image.Name)
	if err != nil {
		return out, err
	}
	out.Looked, out.Truncated = true, cut
	out.Found, _ = judge(p, ref, c.Image, list)
	return out, nil
}

// unsigned returns an error that says why no signature of an image in the trust
// section is trusted.
func unsigned(c *system.Component, a facts.Attestations) error {
	var reasons []string
	for _, one := range a.Found {
		switch {
		case one.Verified && one.Signs:
			return nil
		case one.Verified:
			reasons = append(reasons, fmt.Sprintf("a statement of type %s is not a signature", one.PredicateType))
		default:
			reasons = append(reasons, one.Reason)
		}
	}
	why := "no signature was found"
	switch {
	case !a.Looked:
		why = component.ErrNotAsked.Error()
	case len(reasons) > 0:
		why = strings.Join(compact(reasons), "; ")
	}
	return system.Mismatch("%s: the trust section requires that a trusted key signs image %q: %s", c.ID(), c.Image.Reference, why).At(c.Pos).
		Suggest("use an image that is signed by a key of the trust policy")
}

// addTo adds the attestations to the facts.
func (t trusted) addTo(f *facts.Facts) {
	if t.found == nil {
		return
	}
	f.Trust = facts.Trust{Given: true, Digest: t.digest}
	for i := range f.Components {
		f.Components[i].Image.Attestations = t.found[f.Components[i].ID]
	}
}

func sortAttestations(list []facts.Attestation) {
	slices.SortStableFunc(list, func(a, b facts.Attestation) int { return strings.Compare(a.Digest, b.Digest) })
}

// compact returns the first three distinct texts of a list, which an error can show.
func compact(list []string) []string {
	slices.Sort(list)
	list = slices.Compact(list)
	return list[:min(len(list), 3)]
}
