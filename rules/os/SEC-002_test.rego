package seaworthy.test.SEC_002

import data.seaworthy.outcome
import data.seaworthy.rules.SEC_002 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_allow if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/seccomp/defaultAction", "SCMP_ACT_ALLOW")

test_fires_log if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/seccomp/defaultAction", "SCMP_ACT_LOG")

test_silent_errno if t.silent(fail) with input as t.good

test_silent_kill if t.silent(fail) with input as t.nginx_with("/linux/seccomp/defaultAction", "SCMP_ACT_KILL_PROCESS")

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/linux/seccomp/defaultAction", "SCMP_ACT_ALLOW")
	found := fail with input as system_now
	allowance := [t.allowance("SEC-002", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_notify if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/seccomp/defaultAction", "SCMP_ACT_NOTIFY")
