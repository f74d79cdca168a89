package seaworthy.test.USR_013

import data.seaworthy.rules.USR_013 as rule
import data.seaworthy.testing as t

test_fires_one if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_files("authorizedKeys", ["/root/.ssh/authorized_keys"])

test_silent_null if t.silent(rule.fail) with input as t.nginx_files("authorizedKeys", null)

test_unknown_no_files if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_files
	t.silent(rule.fail) with input as t.no_files
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_files("authorizedKeys", ["/root/.ssh/authorized_keys"])
	found := rule.fail with input as system_now
	allowance := [t.allowance("USR-013", found)]
	t.silent(rule.fail) with input as system_now with data.components as allowance
	t.tells(rule.not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
