package seaworthy.test.JNT_011

import data.seaworthy.outcome
import data.seaworthy.rules.JNT_011 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_not_built if t.fires_also(fail, "component:services/nginx") with input as t.kconfig("CONFIG_SECURITY_APPARMOR", "n")

test_fires_not_listed if t.fires_also(fail, "component:services/nginx") with input as t.kconfig("CONFIG_LSM", "yama")

test_fires_lsm if t.fires_also(fail, "component:services/nginx") with input as t.cmdline_add("lsm", "yama")

test_fires_off if t.fires_also(fail, "component:services/nginx") with input as t.cmdline_add("apparmor", "0")

test_fires_other_major if t.fires_also(fail, "component:services/nginx") with input as t.cmdline_add("security", "selinux")

test_silent_listed if t.silent(fail) with input as t.put(t.cmdline_add("lsm", "yama,apparmor"), "/kernel/config/options/CONFIG_LSM", "yama")

test_silent_good if t.silent(fail) with input as t.good

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
	system_now := t.kconfig("CONFIG_SECURITY_APPARMOR", "n")
	found := fail with input as system_now
	allowance := [t.allowance("JNT-011", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells_also(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
