package trust

import (
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/scanner/facts"
)

// The rules for a repository decide about all attestations of an image together.
func TestSettle(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	const authorities = `authorities:
  - {name: release, key: release.pub, repositories: ["docker.io/*"]}
  - {name: other, key: other.pub, repositories: ["*"]}
`
	const provenance = `{"buildDefinition":{"buildType":"t","externalParameters":{"workflow":{"repository":"https://git/r"}}},"runDetails":{"builder":{"id":"builder"}}}`
	signed := bundle(t, k.release, statementOf(digest, "https://sigstore.dev/cosign/sign/v1", "{}"))
	again := bundle(t, k.other, statementOf(digest, "https://sigstore.dev/cosign/sign/v1", "{}"))
	sbom := bundle(t, k.release, statementOf(digest, "https://spdx.dev/Document", "{}"))
	built := bundle(t, k.release, statementOf(digest, "https://slsa.dev/provenance/v1", provenance))
	stranger := bundle(t, k.unknown, statementOf(digest, "https://slsa.dev/provenance/v1", provenance))
	for name, c := range map[string]struct {
		rules string
		found []Attached
		want  string // "" if it is trusted
	}{
		"no rule":               {"", []Attached{signed}, ""},
		"no rule, not signed":   {"", []Attached{stranger}, "must sign the image"},
		"one of two":            {"components: [{repositories: [\"docker.io/*\"], threshold: 2}]\n", []Attached{signed}, "2 of the authorities of this repository must sign"},
		"two of two":            {"components: [{repositories: [\"docker.io/*\"], threshold: 2}]\n", []Attached{signed, again}, ""},
		"one of two, twice":     {"components: [{repositories: [\"docker.io/*\"], threshold: 2}]\n", []Attached{signed, built}, "2 of the authorities"},
		"another signer":        {"components: [{repositories: [\"docker.io/*\"], signedBy: [other]}]\n", []Attached{signed}, "1 of other must sign"},
		"rule for others":       {"components: [{repositories: [ghcr.io/x/*], signedBy: [other]}]\n", []Attached{signed}, ""},
		"two rules":             {"components: [{repositories: [\"docker.io/*\"]}, {repositories: [\"*\"], signedBy: [other]}]\n", []Attached{signed}, "1 of other must sign"},
		"sbom":                  {"components: [{repositories: [\"docker.io/*\"], require: {sbom: true}}]\n", []Attached{signed, sbom}, ""},
		"no sbom":               {"components: [{repositories: [\"docker.io/*\"], require: {sbom: true}}]\n", []Attached{signed}, "has no signed SBOM"},
		"builder":               {"components: [{repositories: [\"docker.io/*\"], require: {provenance: {builders: [builder], sources: [\"https://git/r\"]}}}]\n", []Attached{built}, ""},
		"another builder":       {"components: [{repositories: [\"docker.io/*\"], require: {provenance: {builders: [mine]}}}]\n", []Attached{built}, "found: provenance of builder builder"},
		"another source":        {"components: [{repositories: [\"docker.io/*\"], require: {provenance: {sources: [\"https://git/x\"]}}}]\n", []Attached{built}, "from https://git/x"},
		"provenance of another": {"components: [{repositories: [\"docker.io/*\"], require: {provenance: {builders: [builder]}}}]\n", []Attached{signed, stranger}, "found: none"},
		"revoked":               {"revoked: {digests: [DIGEST]}\n", []Attached{signed}, "revokes image sha256:" + digest},
	} {
		p, err := k.parse(t, authorities+c.rules)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		var found []facts.Attestation
		for _, a := range c.found {
			found = append(found, p.Judge(ours, a))
		}
		missing := ""
		for _, r := range p.Settle(ours, found) {
			if r.Missing != "" && missing == "" {
				missing = r.Missing
			}
		}
		if (missing == "") != (c.want == "") || !strings.Contains(missing, c.want) {
			t.Errorf("%s: missing %q, want %q", name, missing, c.want)
		}
		for _, a := range found {
			if a.Verified && c.want != "" {
				t.Errorf("%s: still trusted: %+v", name, a)
			}
		}
	}
}

// A key that is revoked, or not valid now, signs nothing.
func TestInvalidKeys(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	for name, c := range map[string]struct{ fields, want string }{
		"valid":         {"validFrom: 2026-11-01, validUntil: 2026-11-01", ""},
		"not yet valid": {"validFrom: 2026-11-02", "are valid from 2026-11-02T00:00:00Z"},
		"expired":       {"validUntil: 2026-10-31", "were valid until 2026-11-01T00:00:00Z"},
	} {
		p, err := k.parse(t, "authorities: [{name: release, key: release.pub, repositories: [\"*\"], "+c.fields+"}]\n")
		if err != nil {
			t.Fatal(err)
		}
		got := p.Judge(ours, bundle(t, k.release, statementOf(digest, "x", "{}")))
		if got.Verified != (c.want == "") || !strings.Contains(got.Reason, c.want) {
			t.Errorf("%s: %+v", name, got)
		}
	}
}
