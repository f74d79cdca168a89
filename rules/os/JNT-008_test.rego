package seaworthy.test.JNT_008

import data.seaworthy.outcome
import data.seaworthy.rules.JNT_008 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_not_built if t.fires_also(fail, "component:services/nginx") with input as t.kconfig("CONFIG_USER_NS", "n")

test_fires_none_allowed if t.fires_also(fail, "component:services/nginx") with input as t.sysctl("user.max_user_namespaces", "0")

test_silent_built if t.silent(fail) with input as t.good

test_silent_none_asked if {
	s0 := t.put(t.nginx_without_ns("user"), "/components/5/spec/linux/namespaces", [])
	t.silent(fail) with input as t.put(s0, "/kernel/config/options/CONFIG_USER_NS", "n")
}

test_unknown_no_config if {
	t.tells_also(rule.unknown, "component:services/nginx") with input as t.no_config
	t.silent(fail) with input as t.no_config
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.kconfig("CONFIG_USER_NS", "n")
	found := fail with input as system_now
	allowance := [t.allowance("JNT-008", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells_also(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
