package seaworthy.test.SUP_002

import data.seaworthy.outcome
import data.seaworthy.rules.SUP_002 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := rule.not_applicable | outcome.not_applicable(rule.found)

by(changes) := t.attested([object.union(object.union(t.signature, {"verified": false, "reason": "key other does not speak for docker.io/seaworthy/nginx"}), changes)])

test_fires_key if {
	t.fires(fail, "component:services/nginx") with input as by({"key": "other"})
	some f in fail with input as by({"key": "other"})
	contains(f.message, "the key other")
}

test_fires_identity if {
	some f in fail with input as by({"key": "", "identity": "x@example.org"})
	contains(f.message, "x@example.org")
}

test_fires_stranger if t.fires(fail, "component:services/nginx") with input as by({"key": ""})

test_silent_ours_too if t.silent(fail) with input as t.attested([object.union(t.signature, {"verified": false}), t.signature])

test_silent_unsigned if {
	t.silent(fail) with input as t.attested([])
	t.silent(fail) with input as by({"form": "statement"})
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

test_checked if "component:services/nginx" in rule.checked with input as t.attested([t.signature])

test_allowed if {
	system_now := by({"key": "other"})
	found := fail with input as system_now
	allowance := [t.allowance("SUP-002", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_other_statement if t.silent(fail) with input as by({"verified": true, "signs": false, "reason": ""})
