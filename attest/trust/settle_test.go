package trust

import (
	"bytes"
	"encoding/base64"
	"fmt"
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/statement"
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

// The name in the signed content can be required. Another image of the same signer, which
// a registry delivers under this name, is then refused.
func TestSettleName(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	const authorities = "authorities: [{name: release, key: release.pub, repositories: [\"*\"]}]\n"
	// as is a statement about our image with this name.
	as := func(name string) []byte {
		return bytes.Replace(statementOf(digest, statement.CosignSign, "{}"), []byte(`"name":"x"`), fmt.Appendf(nil, `"name":%q`, name), 1)
	}
	signed := func(name string) Attached { return bundle(t, k.release, as(name)) }
	// two is a statement about two images.
	two := func(ours, theirs string) Attached {
		other := fmt.Appendf(nil, `[{"name":%q,"digest":{"sha256":%q}},`, theirs, strings.Repeat("9", 64))
		return bundle(t, k.release, bytes.Replace(as(ours), []byte("["), other, 1))
	}
	both := bundle(t, k.release, bytes.Replace(as("docker.io/seaworthy/nginx"), []byte("["), fmt.Appendf(nil, `[{"name":"docker.io/seaworthy/old","digest":{"sha256":%q}},`, digest), 1))
	simple := func(name string) Attached {
		a := classic(t, k.release, digest)
		a.Data = bytes.Replace(a.Data, []byte(`"docker-reference":"x"`), fmt.Appendf(nil, `"docker-reference":%q`, name), 1)
		a.Signature = base64.StdEncoding.EncodeToString(sign(t, k.release, a.Data))
		return a
	}
	for name, c := range map[string]struct {
		rule, repository string
		found            Attached
		want             string // "" if it is trusted
	}{
		"no rule":              {"", "docker.io/seaworthy/nginx", signed("docker.io/seaworthy/old"), ""},
		"the same":             {"exact", "docker.io/seaworthy/nginx", signed("docker.io/seaworthy/nginx"), ""},
		"another":              {"exact", "docker.io/seaworthy/nginx", signed("docker.io/seaworthy/old"), `signed with the name "docker.io/seaworthy/old" by release`},
		"a longer name":        {"exact", "docker.io/seaworthy/nginx", signed("docker.io/seaworthy/nginx/x"), "must sign the image"},
		"no name":              {"exact", "docker.io/seaworthy/nginx", signed(""), `signed with the name "" by release`},
		"with a tag":           {"exact", "docker.io/seaworthy/nginx", signed("docker.io/seaworthy/nginx:1.22@sha256:aa"), ""},
		"with a port":          {"exact", "localhost:5000/nginx", signed("localhost:5000/nginx"), ""},
		"docker's other name":  {"exact", "docker.io/library/nginx", signed("index.docker.io/library/nginx"), ""},
		"a short name":         {"exact", "docker.io/library/nginx", signed("nginx"), ""},
		"another registry":     {"exact", "mirror.example/seaworthy/nginx", signed("docker.io/seaworthy/nginx"), "must sign the image"},
		"of any registry":      {"path", "mirror.example/seaworthy/nginx", signed("docker.io/seaworthy/nginx"), ""},
		"short, any registry":  {"path", "mirror.example/nginx", signed("seaworthy/nginx"), "must sign the image"},
		"another path":         {"path", "docker.io/seaworthy/nginx", signed("docker.io/seaworthy/old"), "must sign the image"},
		"no name, any":         {"path", "docker.io/seaworthy/nginx", signed(""), "must sign the image"},
		"one of two":           {"exact", "docker.io/seaworthy/nginx", two("docker.io/seaworthy/nginx", "docker.io/seaworthy/old"), ""},
		"the other of two":     {"exact", "docker.io/seaworthy/nginx", two("docker.io/seaworthy/old", "docker.io/seaworthy/nginx"), "must sign the image"},
		"two names of one":     {"exact", "docker.io/seaworthy/nginx", both, "must sign the image"},
		"cosign's, the same":   {"exact", "docker.io/seaworthy/nginx", simple("index.docker.io/seaworthy/nginx"), ""},
		"cosign's, another":    {"exact", "docker.io/seaworthy/nginx", simple("index.docker.io/seaworthy/old"), `signed with the name "docker.io/seaworthy/old"`},
		"cosign's, without it": {"exact", "docker.io/seaworthy/nginx", simple(""), "must sign the image"},
	} {
		rules := ""
		if c.rule != "" {
			rules = "components: [{repositories: [\"*\"], require: {name: " + c.rule + "}}]\n"
		}
		p, err := k.parse(t, authorities+rules)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		img := Image{Repository: c.repository, Digests: ours.Digests}
		found := []facts.Attestation{p.Judge(img, c.found)}
		missing := ""
		for _, r := range p.Settle(img, found) {
			missing += r.Missing
		}
		if found[0].Verified != (c.want == "") || !strings.Contains(missing, c.want) || (missing == "") != (c.want == "") {
			t.Errorf("%s: missing %q, want %q: %+v", name, missing, c.want, found[0])
		}
	}
}

// Statements of other names do not count for other requirements either.
func TestSettleNameOfSBOM(t *testing.T) {
	t.Parallel()
	k := newKeys(t)
	p, err := k.parse(t, "authorities: [{name: release, key: release.pub, repositories: [\"*\"]}]\ncomponents: [{repositories: [\"*\"], require: {name: exact, sbom: true}}]\n")
	if err != nil {
		t.Fatal(err)
	}
	img := Image{Repository: "docker.io/library/x", Digests: ours.Digests}
	sbom := statementOf(digest, statement.SPDX, "{}")
	for _, c := range []struct {
		sbom []byte
		want string
	}{{sbom, ""}, {bytes.Replace(sbom, []byte(`"name":"x"`), []byte(`"name":"y"`), 1), "no signed SBOM"}} {
		found := []facts.Attestation{p.Judge(img, bundle(t, k.release, statementOf(digest, statement.CosignSign, "{}"))), p.Judge(img, bundle(t, k.release, c.sbom))}
		missing := ""
		for _, r := range p.Settle(img, found) {
			missing += r.Missing
		}
		if (missing == "") != (c.want == "") || !strings.Contains(missing, c.want) {
			t.Errorf("missing %q, want %q", missing, c.want)
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
