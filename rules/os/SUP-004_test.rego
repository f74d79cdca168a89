package seaworthy.test.SUP_004

import data.seaworthy.outcome
import data.seaworthy.rules.SUP_004 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := rule.not_applicable | outcome.not_applicable(rule.found)

unsigned := object.union(t.provenance({}), {"verified": false, "reason": "it is not signed"})

test_fires_unsigned if t.fires(fail, "component:services/nginx") with input as t.attested([unsigned])

test_fires_without_builder if t.fires(fail, "component:services/nginx") with input as t.attested([t.provenance({"builder": ""})])

test_fires_unsigned_beside_one_without_builder if t.fires(fail, "component:services/nginx") with input as t.attested([unsigned, t.provenance({"builder": ""})])

test_silent_signed if t.silent(fail) with input as t.attested([unsigned, t.provenance({})])

test_silent_none if t.silent(fail) with input as t.attested([t.signature])

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
	system_now := t.attested([unsigned])
	found := fail with input as system_now
	allowance := [t.allowance("SUP-004", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
