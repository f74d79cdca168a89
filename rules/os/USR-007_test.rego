package seaworthy.test.USR_007

import data.seaworthy.outcome
import data.seaworthy.rules.USR_007 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_one if t.fires(fail, "component:services/nginx") with input as t.nginx_files("duplicateIds", ["uid 0: root, toor"])

test_silent_null if t.silent(fail) with input as t.nginx_files("duplicateIds", null)

test_unknown_no_files if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_files
	t.silent(fail) with input as t.no_files
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_files("duplicateIds", ["uid 0: root, toor"])
	found := fail with input as system_now
	allowance := [t.allowance("USR-007", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
