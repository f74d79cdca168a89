package seaworthy.test.USR_005

import data.seaworthy.outcome
import data.seaworthy.rules.USR_005 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_gid if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/process/user/gid", 0)

test_fires_additional if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/process/user/additionalGids", [6])

test_silent_other if t.silent(fail) with input as t.nginx_with("/process/user/additionalGids", [1000])

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/process/user/gid", 0)
	found := fail with input as system_now
	allowance := [t.allowance("USR-005", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
