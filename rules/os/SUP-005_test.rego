package seaworthy.test.SUP_005

import data.seaworthy.outcome
import data.seaworthy.rules.SUP_005 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := rule.not_applicable | outcome.not_applicable(rule.found)

params := object.union(t.params, {"trusted_builders": ["https://builder.example/*", "https://ci.example/one"]})

by(builder) := t.attested([t.provenance({"builder": builder})])

test_fires_other if t.fires(fail, "component:services/nginx") with input as by("https://evil.example/x") with data.params as params

test_fires_longer if t.fires(fail, "component:services/nginx") with input as by("https://ci.example/one/two") with data.params as params

test_silent_trusted if {
	t.silent(fail) with input as by("https://builder.example/main@v1") with data.params as params
	t.silent(fail) with input as by("https://ci.example/one") with data.params as params
}

test_unknown_unverified if {
	system := t.attested([object.union(t.provenance({}), {"verified": false})])
	t.tells(rule.unknown, "component:services/nginx") with input as system with data.params as params
	t.silent(fail) with input as system with data.params as params
}

test_silent_unasked if {
	t.silent(fail) with input as t.attested([t.provenance({"builder": "x"})])
	t.tells_also(not_applicable, "component:services/nginx") with input as t.attested([t.provenance({"builder": "x"})])
}

test_allowed if {
	system_now := by("https://evil.example/x")
	found := fail with input as system_now with data.params as params
	allowance := [t.allowance("SUP-005", found)]
	t.silent(fail) with input as system_now with data.components as allowance with data.params as params
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance with data.params as params
}

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

test_checked if "component:services/nginx" in rule.checked with input as t.attested([t.provenance({})]) with data.params as params

test_unverified_is_not_checked if {
	not "component:services/nginx" in rule.checked with input as t.attested([t.signature]) with data.params as params
}
