package seaworthy.test.SYS_018

import data.seaworthy.rules.SYS_018 as rule
import data.seaworthy.testing as t

test_fires_not_built if t.fires(rule.fail, "sysctl:kernel.yama.ptrace_scope") with input as t.kconfig("CONFIG_SECURITY_YAMA", "n")

test_silent_unset if {
	system := t.put(t.sysctl_unset("kernel.yama.ptrace_scope"), "/kernel/config/options/CONFIG_SECURITY_YAMA", "n")
	t.silent(rule.fail) with input as system
}

test_silent_good if t.silent(rule.fail) with input as t.good

test_unknown_no_config if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_config
	t.silent(rule.fail) with input as t.no_config
}

test_checked if count(rule.checked) > 0 with input as t.good

test_nothing_set if count(rule.unknown) == 0 with input as t.put(t.no_config, "/sysctl/settings", [])
