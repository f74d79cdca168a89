package seaworthy.test.USR_010

import data.seaworthy.outcome
import data.seaworthy.rules.USR_010 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_getty if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/name", "getty")

test_silent_good if t.silent(fail) with input as t.good

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.component_with("nginx", "/name", "getty")
	found := fail with input as system_now
	allowance := [t.allowance("USR-010", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_without_getty if {
	every args in [["/bin/busybox", "login", "-f", "root"], ["/sbin/sulogin"], ["sh", "-c", "exec sh </dev/tty1"]] {
		found := fail with input as t.nginx_with("/process/args", args)
		t.fires(found, "component:services/nginx")
	}
}
