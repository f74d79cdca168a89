package seaworthy.test.CAP_003

import data.seaworthy.outcome
import data.seaworthy.rules.CAP_003 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_service if t.fires(fail, "component:services/nginx") with input as t.nginx_caps(["CAP_SYS_ADMIN"])

test_fires_ambient if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/process/capabilities/ambient", ["CAP_SYS_ADMIN"])

test_silent_other if t.silent(fail) with input as t.nginx_caps(["CAP_CHOWN"])

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_caps(["CAP_SYS_ADMIN"])
	found := fail with input as system_now
	allowance := [t.allowance("CAP-003", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
