package seaworthy.test.SEC_006

import data.seaworthy.outcome
import data.seaworthy.rules.SEC_006 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_none if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/process/apparmorProfile", "")

test_fires_unconfined if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/process/apparmorProfile", "unconfined")

test_silent_selinux if {
	system := t.put(t.nginx_with("/process/apparmorProfile", ""), "/components/4/spec/process/selinuxLabel", "system_u:system_r:container_t:s0")
	t.silent(fail) with input as system
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/process/apparmorProfile", "")
	found := fail with input as system_now
	allowance := [t.allowance("SEC-006", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_unconfined_label if {
	every label in ["unconfined_u:unconfined_r:unconfined_t:s0", "system_u:system_r:spc_t"] {
		found := fail with input as json.patch(t.good, [
			{"op": "replace", "path": "/components/4/spec/process/apparmorProfile", "value": ""},
			{"op": "add", "path": "/components/4/spec/process/selinuxLabel", "value": label},
		])
		t.fires(found, "component:services/nginx")
	}
}
