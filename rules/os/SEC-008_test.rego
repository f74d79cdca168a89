package seaworthy.test.SEC_008

import data.seaworthy.rules.SEC_008 as rule
import data.seaworthy.testing as t

test_fires_off if t.fires(rule.fail, "component:services/nginx") with input as t.drop(t.kconfig("CONFIG_SECCOMP_FILTER", "n"), "/components/4/spec/linux/seccomp")

test_silent_on if t.silent(rule.fail) with input as t.drop(t.good, "/components/4/spec/linux/seccomp")

test_silent_profile_is_jnt_012 if t.silent(rule.fail) with input as t.kconfig("CONFIG_SECCOMP_FILTER", "n")

test_unknown_no_config if {
	t.tells_also(rule.unknown, "component:services/nginx") with input as t.no_config
	t.silent(rule.fail) with input as t.no_config
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(rule.fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good
