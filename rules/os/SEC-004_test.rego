package seaworthy.test.SEC_004

import data.seaworthy.rules.SEC_004 as rule
import data.seaworthy.testing as t

test_fires_none if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_with("/linux/seccomp/architectures", [])

test_silent_no_profile if {
	system := t.drop(t.good, "/components/4/spec/linux/seccomp")
	t.silent(rule.fail) with input as system
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(rule.fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/linux/seccomp/architectures", [])
	found := rule.fail with input as system_now
	allowance := [t.allowance("SEC-004", found)]
	t.silent(rule.fail) with input as system_now with data.components as allowance
	t.tells(rule.not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
