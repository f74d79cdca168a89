package seaworthy.test.JNT_012

import data.seaworthy.outcome
import data.seaworthy.rules.JNT_012 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires if t.fires_also(fail, "component:services/nginx") with input as t.kconfig("CONFIG_SECCOMP_FILTER", "n")

test_fires_absent if t.fires_also(fail, "component:services/nginx") with input as t.drop(t.good, "/kernel/config/options/CONFIG_SECCOMP")

test_silent_good if t.silent(fail) with input as t.good

test_silent_no_profile if not t.fires(fail, "component:services/nginx") with input as t.drop(t.kconfig("CONFIG_SECCOMP_FILTER", "n"), "/components/4/spec/linux/seccomp")

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
	system_now := t.kconfig("CONFIG_SECCOMP_FILTER", "n")
	found := fail with input as system_now
	allowance := [t.allowance("JNT-012", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells_also(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
