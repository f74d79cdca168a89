package trust

import (
	"fmt"
	"slices"
	"strings"

	"github.com/seaworthy-os/seaworthy/attest/verify"
	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// Settle compares the attestations that were found beside an image with the rules
// for its repository. If a rule is not met, no signature of the image is trusted:
// Settle then changes each verified one, and gives the reason. It returns what was
// required.
func (p *Policy) Settle(img Image, found []facts.Attestation) []verify.Requirement {
	list := []verify.Requirement{p.revokedImage(img)}
	for i := range p.components {
		if covers(p.components[i].repositories, img.Repository) {
			list = append(list, p.components[i].judge(img, found)...)
		}
	}
	if len(list) == 1 {
		list = append(list, (&componentRule{threshold: 1}).signed(img, found))
	}
	missing := slices.IndexFunc(list, func(r verify.Requirement) bool { return r.Missing != "" })
	if missing < 0 {
		return list
	}
	for i := range found {
		if found[i].Verified {
			found[i].Verified, found[i].Reason = false, list[missing].Missing
		}
	}
	return list
}

// revokedImage requires that the image is not revoked.
func (p *Policy) revokedImage(img Image) verify.Requirement {
	r := verify.Requirement{What: "not revoked", Found: strings.Join(slices.Compact(slices.Clone(img.Digests)), ", ")}
	for _, d := range img.Digests {
		if slices.Contains(p.revoked.Digests, d) {
			r.Missing = "the trust policy revokes image " + d
		}
	}
	return r
}

// judge compares attestations with the rule.
func (r *componentRule) judge(img Image, found []facts.Attestation) []verify.Requirement {
	list := []verify.Requirement{r.signed(img, found)}
	if r.sbom {
		one := verify.Requirement{What: "a signed SBOM", Found: "none"}
		for _, a := range found {
			if r.counts(img, a) && isSBOM(a.PredicateType) {
				one.Found = "SBOM signed by " + a.Key
			}
		}
		if one.Found == "none" {
			one.Missing = "the image has no signed SBOM"
		}
		list = append(list, one)
	}
	if r.provenance {
		list = append(list, r.origin(img, found))
	}
	return list
}

// counts reports whether an attestation is verified, signed by an authority of the
// rule, and has the name that the rule requires.
func (r *componentRule) counts(img Image, a facts.Attestation) bool {
	return r.signer(a) && r.name.accepts(a.SignedAs, img.Repository)
}

func (r *componentRule) signer(a facts.Attestation) bool {
	return a.Verified && (len(r.signedBy) == 0 || slices.Contains(r.signedBy, a.Key))
}

// otherNames says under which other names the image is signed, "" for none.
func (r *componentRule) otherNames(img Image, found []facts.Attestation) string {
	var names []string
	for _, a := range found {
		if a.Signs && r.signer(a) && !r.counts(img, a) {
			names = append(names, fmt.Sprintf("%q by %s", a.SignedAs, a.Key))
		}
	}
	if len(names) == 0 {
		return ""
	}
	slices.Sort(names)
	return fmt.Sprintf(", and signed with the name %s: it may be another image of this signer", strings.Join(slices.Compact(names), ", "))
}

// signed counts the authorities that signed the image.
func (r *componentRule) signed(img Image, found []facts.Attestation) verify.Requirement {
	var have []string
	// One person may sign with several services, each of which is an authority.
	signers := map[verify.Identity]string{}
	twice := ""
	for _, a := range found {
		by := verify.Identity{Issuer: a.Issuer, Subject: a.Identity}
		switch {
		case !a.Signs || !r.counts(img, a) || slices.Contains(have, a.Key):
		case signers[by] != "":
			twice = fmt.Sprintf(" (%s and %s are one signer, %s)", signers[by], a.Key, by.Subject)
		default:
			have = append(have, a.Key)
			if by.Subject != "" { // a key has no identity
				signers[by] = a.Key
			}
		}
	}
	slices.Sort(have)
	names := strings.Join(r.signedBy, ", ")
	if names == "" {
		names = "the authorities of this repository"
	}
	if r.name != anyName {
		names += " as " + img.Repository
	}
	if r.name == pathName {
		names += " (of any registry)"
	}
	one := verify.Requirement{What: fmt.Sprintf("signed by %d of %s", r.threshold, names), Found: "signed by " + strings.Join(have, ", ")}
	if len(have) == 0 {
		one.Found = "not signed by an authority that counts"
	}
	if len(have) < r.threshold {
		one.Missing = fmt.Sprintf("%d of %s must sign the image: it is %s%s%s", r.threshold, names, one.Found, twice, r.otherNames(img, found))
	}
	return one
}

// origin requires provenance with a builder and a source of the rule.
func (r *componentRule) origin(img Image, found []facts.Attestation) verify.Requirement {
	one := verify.Requirement{What: "signed provenance", Found: "none"}
	if len(r.builders) > 0 {
		one.What += " of builder " + strings.Join(r.builders, " or ")
	}
	if len(r.source) > 0 {
		one.What += " from " + strings.Join(r.source, " or ")
	}
	for _, a := range found {
		if !r.counts(img, a) || a.Provenance == nil || a.Provenance.Builder == "" {
			continue
		}
		builder, source := a.Provenance.Builder, a.Provenance.Source
		one.Found = fmt.Sprintf("provenance of builder %s from %s", builder, source)
		if (len(r.builders) == 0 || slices.Contains(r.builders, builder)) && (len(r.source) == 0 || slices.Contains(r.source, source)) {
			return one
		}
	}
	one.Missing = "the image needs " + one.What + "; found: " + one.Found
	return one
}

// isSBOM reports whether statements of a type are SBOMs.
func isSBOM(predicateType string) bool {
	return strings.HasPrefix(predicateType, "https://spdx.dev/Document") || strings.HasPrefix(predicateType, "https://cyclonedx.org/bom")
}
