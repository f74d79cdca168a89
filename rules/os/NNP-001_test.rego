package seaworthy.test.NNP_001

import data.seaworthy.outcome
import data.seaworthy.rules.NNP_001 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_false if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/process/noNewPrivileges", false)

test_fires_absent if t.fires(fail, "component:services/nginx") with input as t.drop(t.good, "/components/4/spec/process/noNewPrivileges")

test_silent_true if t.silent(fail) with input as t.good

test_silent_onboot if t.silent(fail) with input as t.spec_with("dhcp", "/process/noNewPrivileges", false)

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/process/noNewPrivileges", false)
	found := fail with input as system_now
	allowance := [t.allowance("NNP-001", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
