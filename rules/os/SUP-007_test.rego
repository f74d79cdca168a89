package seaworthy.test.SUP_007

import data.seaworthy.outcome
import data.seaworthy.rules.SUP_007 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := rule.not_applicable | outcome.not_applicable(rule.found)

other(changes) := t.attested([object.union(object.union(t.signature, {"verified": false, "subjectMatches": false}), changes)])

test_fires_signature if t.fires(fail, "component:services/nginx") with input as other({})

test_fires_statement if t.fires(fail, "component:services/nginx") with input as other({"predicateType": "https://spdx.dev/Document"})

test_silent_ours if t.silent(fail) with input as t.attested([t.signature])

test_silent_unreadable if t.silent(fail) with input as other({"readable": false})

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
	system_now := other({})
	found := fail with input as system_now
	allowance := [t.allowance("SUP-007", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_names_what_it_is if {
	some f in fail with input as t.attested([object.union(t.provenance({}), {"subjectMatches": false})])
	startswith(f.message, "the statement of type https://slsa.dev/provenance/v1 beside")
	some g in fail with input as t.attested([object.union(t.signature, {"subjectMatches": false})])
	startswith(g.message, "a signature beside")
}
