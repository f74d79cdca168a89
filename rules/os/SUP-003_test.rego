package seaworthy.test.SUP_003

import data.seaworthy.outcome
import data.seaworthy.rules.SUP_003 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := rule.not_applicable | outcome.not_applicable(rule.found)

test_fires_none if t.fires(fail, "component:services/nginx") with input as t.attested([t.signature])

test_fires_without_builder if {
	t.fires(fail, "component:services/nginx") with input as t.attested([t.signature, t.provenance({"builder": ""})])
}

test_silent_one_of_two if t.silent(fail) with input as t.attested([t.provenance({"builder": ""}), t.provenance({})])

test_silent_provenance if t.silent(fail) with input as t.attested([t.provenance({})])

test_silent_unsigned if t.silent(fail) with input as t.attested([object.union(t.provenance({}), {"verified": false})])

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
	system_now := t.attested([t.signature])
	found := fail with input as system_now
	allowance := [t.allowance("SUP-003", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
