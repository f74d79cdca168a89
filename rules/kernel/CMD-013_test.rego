package seaworthy.test.CMD_013

import data.seaworthy.rules.CMD_013 as rule
import data.seaworthy.testing as t

test_fires_apparmor if t.fires(rule.fail, "cmdline:apparmor") with input as t.cmdline_add("apparmor", "0")

test_fires_lsm if t.fires(rule.fail, "cmdline:lsm") with input as t.cmdline_add("lsm", "apparmor")

test_silent_lsm if t.silent(rule.fail) with input as t.cmdline_add("lsm", "landlock,lockdown,yama,apparmor")

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_silent_not_built if t.silent(rule.fail) with input as t.put(t.cmdline_add("lsm", "lockdown,yama"), "/kernel/config/options/CONFIG_SECURITY_LANDLOCK", "n")

test_unknown_no_config if {
	t.tells(rule.unknown, "component:kernel") with input as t.put(t.cmdline_add("lsm", "apparmor"), "/kernel/config/present", false)
	t.silent(rule.fail) with input as t.put(t.cmdline_add("lsm", "apparmor"), "/kernel/config/present", false)
}

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}

test_checked if count(rule.checked) > 0 with input as t.good

test_silent_unknown if t.silent(rule.unknown) with input as t.no_config with data.seaworthy.active as ["baseline"]

test_not_applicable_when if t.tells(rule.not_applicable, "cmdline:elsewhere") with input as t.good with data.cmdline as [t.elsewhere("CMD-013")]
