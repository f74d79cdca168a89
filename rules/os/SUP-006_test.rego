package seaworthy.test.SUP_006

import data.seaworthy.outcome
import data.seaworthy.rules.SUP_006 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := rule.not_applicable | outcome.not_applicable(rule.found)

params := object.union(t.params, {"expected_sources": [
	{"repository": "docker.io/seaworthy/*", "source": "https://git.example/os", "ref": "refs/tags/*"},
	{"repository": "docker.io/seaworthy/nginx", "source": "https://git.example/os", "ref": "refs/heads/main", "buildType": "make"},
]})

from(source, ref) := t.attested([t.provenance({"source": source, "ref": ref, "buildType": "make"})])

test_fires_source if t.fires(fail, "component:services/nginx") with input as from("https://git.example/fork", "refs/tags/v1") with data.params as params

test_fires_ref if {
	t.fires(fail, "component:services/nginx") with input as from("https://git.example/os", "refs/heads/x") with data.params as params
	some f in fail with input as from("https://git.example/os", "refs/heads/x") with data.params as params
	contains(f.message, "ref is")
	not contains(f.message, "source is")
}

test_fires_build_type if {
	system := t.attested([t.provenance({"source": "https://git.example/os", "ref": "refs/heads/main", "buildType": "other"})])
	t.fires(fail, "component:services/nginx") with input as system with data.params as params
}

test_silent_expected if {
	t.silent(fail) with input as from("https://git.example/os", "refs/tags/v1") with data.params as params
	t.silent(fail) with input as from("https://git.example/os", "refs/heads/main") with data.params as params
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
	system_now := from("https://git.example/fork", "refs/tags/v1")
	found := fail with input as system_now with data.params as params
	allowance := [t.allowance("SUP-006", found)]
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
