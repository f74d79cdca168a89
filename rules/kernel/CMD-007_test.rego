package seaworthy.test.CMD_007

import data.seaworthy.rules.CMD_007 as rule
import data.seaworthy.testing as t

test_fires_none if t.fires(rule.fail, "cmdline:lockdown") with input as t.cmdline_of(t.kconfigs(t.open_kernel), [])

test_fires_bad_mode if t.fires(rule.fail, "cmdline:lockdown") with input as t.cmdline_of(t.kconfigs(t.open_kernel), [["lockdown", "yes"]])

test_fires_not_built if {
	system := t.kconfigs(object.union(t.open_kernel, {"CONFIG_SECURITY_LOCKDOWN_LSM": "n", "CONFIG_SECURITY_LOCKDOWN_LSM_EARLY": "n"}))
	t.fires(rule.fail, "cmdline:lockdown") with input as t.cmdline_of(system, [["lockdown", "integrity"]])
}

test_fires_lsm_without_it if {
	system := t.kconfigs(object.union(t.open_kernel, {"CONFIG_SECURITY_LOCKDOWN_LSM_EARLY": "n"}))
	t.fires(rule.fail, "cmdline:lockdown") with input as t.cmdline_of(system, [["lockdown", "integrity"], ["lsm", "yama"]])
}

test_fires_after_dashes if t.fires(rule.fail, "cmdline:lockdown") with input as t.cmdline_of(t.kconfigs(t.open_kernel), [["--", null], ["lockdown", "integrity"]])

test_silent_integrity if t.silent(rule.fail) with input as t.cmdline_of(t.kconfigs(t.open_kernel), [["lockdown", "integrity"]])

test_silent_forced if t.silent(rule.fail) with input as t.cmdline_of(t.good, [])

test_silent_forced_integrity if t.silent(rule.fail) with input as t.cmdline_of(t.kconfigs({"CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY": "n", "CONFIG_LOCK_DOWN_KERNEL_FORCE_INTEGRITY": "y"}), [])

test_unknown_no_config if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_config
	t.silent(rule.fail) with input as t.no_config
}

test_checked if count(rule.checked) > 0 with input as t.good

test_says_not_switched_on if {
	found := rule.fail with input as t.cmdline_of(t.kconfigs(t.open_kernel), [])
	some f in found
	contains(f.message, "neither")
}

test_says_no_mode if {
	found := rule.fail with input as t.cmdline_of(t.kconfigs(t.open_kernel), [["lockdown", "yes"]])
	some f in found
	contains(f.message, "lockdown=yes is not a mode")
}

test_says_not_built if {
	found := rule.fail with input as t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_SECURITY_LOCKDOWN_LSM": "n", "CONFIG_SECURITY_LOCKDOWN_LSM_EARLY": "n"})), [])
	some f in found
	contains(f.message, "not built in")
}
