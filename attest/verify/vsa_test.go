package verify_test

import (
	"strings"
	"testing"

	"github.com/seaworthy-os/seaworthy/attest/sealtest"
	"github.com/seaworthy-os/seaworthy/attest/statement"
	"github.com/seaworthy-os/seaworthy/attest/verify"
)

// The steps by which a consumer verifies a summary, as the specification of SLSA's
// verification summaries v1 lists them ("How to verify"), and the rules for its
// fields. In each case the summary is signed by the trusted key, except in the first.
func TestSummarySpecification(t *testing.T) {
	t.Parallel()
	f, stranger := newForger(t), newForger(t)
	set := func(name string, value any) func(_, p object) { return func(_, p object) { p[name] = value } }
	remove := func(name string) func(_, p object) { return func(_, p object) { delete(p, name) } }
	for _, tt := range []struct {
		step   string
		change func(st, predicate object)
		check  verify.Check
		what   string
	}{
		{"1 signature: by the verifier that is trusted", nil, verify.CheckSignature, "not signed by a trusted key"},
		{"2 subject: another digest", func(st, _ object) {
			st["subject"].([]any)[0].(object)["digest"] = object{"sha256": strings.Repeat("a", 64)}
		}, verify.CheckSubject, "mixes two images"},
		{"2 subject: missing", func(st, _ object) { st["subject"] = []any{} }, verify.CheckSignature, "no subject"},
		{"3 predicateType: another version", func(st, _ object) { st["predicateType"] = "https://slsa.dev/verification_summary/v0.2" }, verify.CheckType, "must have type"},
		{"4 verifier.id: another verifier", set("verifier", object{"id": "https://example.org/verifier", "version": object{"seaworthy": "test"}}), verify.CheckContent, "verifier.id"},
		{"4 verifier.id: missing", set("verifier", object{"version": object{"seaworthy": "test"}}), verify.CheckContent, "malformed"},
		{"4 verifier.version: another version", set("verifier", object{"id": statement.BuilderID, "version": object{"seaworthy": "other"}}), verify.CheckContent, "verifier.version"},
		{"5 resourceUri: another resource", set("resourceUri", "pkg:oci/other"), verify.CheckContent, "resourceUri"},
		{"5 resourceUri: missing", remove("resourceUri"), verify.CheckContent, "malformed"},
		{"6 verificationResult: FAILED", func(_, p object) {
			p["verificationResult"], p["verifiedLevels"] = "FAILED", []any{"FAILED"}
		}, verify.CheckContent, "verdict"},
		{"6 verificationResult: lower case", set("verificationResult", "passed"), verify.CheckContent, `verificationResult is "passed"`},
		{"6 verificationResult: missing", remove("verificationResult"), verify.CheckContent, "malformed"},
		{"7 verifiedLevels: a level of SLSA that was not verified", set("verifiedLevels", []any{"SLSA_BUILD_LEVEL_3"}), verify.CheckContent, "verifiedLevels"},
		{"7 verifiedLevels: a further level", set("verifiedLevels", []any{"SEAWORTHY_HARDENED", "SLSA_BUILD_LEVEL_1"}), verify.CheckContent, "verifiedLevels"},
		{"7 verifiedLevels: none", set("verifiedLevels", []any{}), verify.CheckContent, "verifiedLevels"},
		{"7 verifiedLevels: FAILED with PASSED", set("verifiedLevels", []any{"FAILED"}), verify.CheckContent, "verifiedLevels"},
		{"policy: another digest", func(_, p object) { p["policy"].(object)["digest"] = object{"sha256": strings.Repeat("a", 64)} }, verify.CheckContent, "policy.digest"},
		{"policy: without a name", func(_, p object) { p["policy"].(object)["uri"] = "https://example.org" }, verify.CheckContent, "has no name"},
		{"timeVerified: not a time", set("timeVerified", "yesterday"), verify.CheckContent, "timeVerified"},
		{"timeVerified: another time", set("timeVerified", "2026-01-02T03:04:06Z"), verify.CheckContent, "timeVerified"},
		{"timeVerified: another zone", set("timeVerified", "2026-01-02T04:04:05+01:00"), verify.CheckContent, "timeVerified"},
		{"inputAttestations: without the decision", func(_, p object) { p["inputAttestations"] = p["inputAttestations"].([]any)[1:] }, verify.CheckContent, "decision is"},
		{"dependencyLevels: levels that were not verified", set("dependencyLevels", object{"SLSA_BUILD_LEVEL_2": 3}), verify.CheckContent, "does not have this member"},
		{"slsaVersion: no level is claimed", set("slsaVersion", "1.2"), verify.CheckContent, "does not have this member"},
		{"unknown extension", set("other_extension", true), verify.CheckContent, "does not have this member"},
	} {
		t.Run(tt.step, func(t *testing.T) {
			t.Parallel()
			dir := sealtest.New("demo").Seal(t, f.KeySigner)
			if tt.change == nil {
				b := readBundle(t, dir, "vsa")
				b.DSSEEnvelope.Signatures = []object{{"sig": stranger.sign(statement.PayloadType, b.DSSEEnvelope.Payload)}}
				b.write(t, dir, "vsa")
			} else {
				f.edit(t, dir, "vsa", tt.change)
			}
			r, err := verifier(t, f.KeySigner).Dir(dir)
			refused(t, r, err, tt.check, tt.what)
		})
	}
}
