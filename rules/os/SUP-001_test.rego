package seaworthy.test.SUP_001

import data.seaworthy.outcome
import data.seaworthy.rules.SUP_001 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := rule.not_applicable | outcome.not_applicable(rule.found)

test_fires_none if t.fires(fail, "component:services/nginx") with input as t.attested([])

test_fires_other if {
	system := t.attested([object.union(t.signature, {"verified": false, "key": "", "reason": "it is signed by no key of the trust policy"})])
	t.fires(fail, "component:services/nginx") with input as system
	some f in fail with input as system
	contains(f.message, "by no key")
}

# A statement by a trusted key is not a signature of the image.
test_fires_other_statement if {
	system := t.attested([object.union(t.signature, {"signs": false, "predicateType": "https://cosign.sigstore.dev/attestation/vuln/v1"})])
	t.fires(fail, "component:services/nginx") with input as system
	some f in fail with input as system
	contains(f.message, "a statement of type https://cosign.sigstore.dev/attestation/vuln/v1 is not a signature")
}

test_silent_signed if t.silent(fail) with input as t.attested([t.signature])

test_silent_one_of_two if t.silent(fail) with input as t.attested([object.union(t.signature, {"verified": false}), t.signature])

test_silent_without_trust if {
	t.silent(fail) with input as t.good
	t.tells_also(not_applicable, "component:services/nginx") with input as t.good with data.seaworthy.active as ["baseline", "hardened"]
	t.silent(rule.unknown) with input as t.good with data.seaworthy.active as ["baseline", "hardened"]
}

test_unknown_strict if t.tells_also(rule.unknown, "component:services/nginx") with input as t.good with data.seaworthy.active as ["baseline", "hardened", "strict"]

test_unknown_offline if {
	system := t.put(t.attested([t.signature]), "/components/4/image/attestations/looked", false)
	t.tells(rule.unknown, "component:services/nginx") with input as system
	t.silent(fail) with input as system
}

test_unknown_cut_off if t.tells(rule.unknown, "component:services/nginx") with input as t.put(t.attested([t.signature]), "/components/4/image/attestations/truncated", true)

test_checked if "component:services/nginx" in rule.checked with input as t.attested([t.signature])

test_allowed if {
	system_now := t.attested([])
	found := fail with input as system_now
	allowance := [t.allowance("SUP-001", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_says_no_reason_without_signatures if {
	some f in fail with input as t.attested([])
	endswith(f.message, "has no trusted signature")
}
