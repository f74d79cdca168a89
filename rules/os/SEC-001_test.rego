package seaworthy.test.SEC_001

import data.seaworthy.outcome
import data.seaworthy.rules.SEC_001 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_absent if t.fires(fail, "component:services/nginx") with input as t.drop(t.good, "/components/4/spec/linux/seccomp")

test_fires_null if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/seccomp", null)

test_silent_good if t.silent(fail) with input as t.good

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.drop(t.good, "/components/4/spec/linux/seccomp")
	found := fail with input as system_now
	allowance := [t.allowance("SEC-001", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
