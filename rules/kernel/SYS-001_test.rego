package seaworthy.test.SYS_001

import data.seaworthy.rules.SYS_001 as rule
import data.seaworthy.testing as t

test_fires if t.fires(rule.fail, "sysctl:kernel.kptr_restrict") with input as t.sysctl("kernel.kptr_restrict", "0")

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_unknown_no_files if {
	t.tells_also(rule.unknown, "sysctl:kernel.kptr_restrict") with input as t.put(t.sysctl_unset("kernel.kptr_restrict"), "/components/2/files/present", false)
	t.silent(rule.fail) with input as t.put(t.sysctl_unset("kernel.kptr_restrict"), "/components/2/files/present", false)
}

test_fires_unset if t.fires(rule.fail, "sysctl:kernel.kptr_restrict") with input as t.sysctl_unset("kernel.kptr_restrict")

test_silent_default if {
	system := t.put(t.sysctl_unset("kernel.dmesg_restrict"), "/kernel/config/options/CONFIG_SECURITY_DMESG_RESTRICT", "y")
	t.silent(rule.fail) with input as system
}

test_fires_other_default if {
	system := t.put(t.sysctl_unset("kernel.dmesg_restrict"), "/kernel/config/options/CONFIG_SECURITY_DMESG_RESTRICT", "n")
	t.fires(rule.fail, "sysctl:kernel.dmesg_restrict") with input as system
}

test_fires_slashes if t.fires(rule.fail, "sysctl:kernel.kptr_restrict") with input as t.sysctl("kernel/kptr_restrict", "1")

test_unknown_default if {
	system := t.put(t.sysctl_unset("kernel.dmesg_restrict"), "/kernel/config/present", false)
	t.tells(rule.unknown, "sysctl:kernel.dmesg_restrict") with input as system
	t.silent(rule.fail) with input as system
}

test_silent_last_wins if {
	system := t.put(t.sysctl("kernel.kptr_restrict", "0"), "/sysctl/settings/-", {"key": "kernel.kptr_restrict", "value": " 2 ", "component": "onboot/sysctl", "source": "x", "order": 2000})
	t.silent(rule.fail) with input as system
}

test_na_not_built if t.tells_also(rule.not_applicable, "sysctl:kernel.perf_event_paranoid") with input as t.kconfig("CONFIG_PERF_EVENTS", "n")

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "sysctl:kernel.elsewhere") with input as t.good with data.sysctl as [t.elsewhere("SYS-001")]

# The known value is right, but some settings are unknown.
test_unknown_set_but_unread if {
	system := t.put(t.good, "/components/2/files/present", false)
	t.tells_also(rule.unknown, "sysctl:kernel.kptr_restrict") with input as system
	not "sysctl:kernel.kptr_restrict" in rule.checked with input as system
}

test_names_refused_component if {
	system := t.put(t.sysctl_unset("kernel.kptr_restrict"), "/sysctl/refused", [{"key": "kernel.kptr_restrict", "value": "2", "component": "onboot/sysctl", "reason": "it lacks CAP_SYS_ADMIN"}])
	some f in rule.fail with input as system
	f.actual == "not set: onboot/sysctl tries to set it, but it lacks CAP_SYS_ADMIN"
}
