package seaworthy.test.BOO_007

import data.seaworthy.rules.BOO_007 as rule
import data.seaworthy.testing as t

open_system := t.put(t.put(t.kconfigs(t.open_kernel), "/boot", t.booting([t.disk]).boot), "/cmdline/params", [])

test_fires_open if t.fires(rule.fail, "cmdline:lockdown") with input as open_system

# A claim does not lock a kernel down.
test_fires_claim if t.fires(rule.fail, "cmdline:lockdown") with input as t.put(t.put(open_system, "/kernel/config/options/CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT", "y"), "/kernel/config/claim", true)

test_silent_locked if {
	t.silent(rule.fail) with input as t.booting([t.disk])
	rule.checked == {"cmdline:lockdown"} with input as t.booting([t.disk])
	t.silent(rule.not_applicable) with input as t.booting([t.disk])
}

test_silent_by_firmware if t.silent(rule.fail) with input as t.put(open_system, "/kernel/config/options/CONFIG_LOCK_DOWN_IN_EFI_SECURE_BOOT", "y")

test_silent_bios if {
	t.silent(rule.fail) with input as t.put(open_system, "/boot/files/0/starts", ["bios"])
	t.tells(rule.not_applicable, "cmdline:lockdown") with input as t.put(open_system, "/boot/files/0/starts", ["bios"])
	t.silent(rule.checked) with input as t.put(open_system, "/boot/files/0/starts", ["bios"])
}

test_silent_not_built if {
	t.silent(rule.fail) with input as t.put(open_system, "/boot/present", false)
	t.tells(rule.not_applicable, "cmdline:lockdown") with input as t.good
}

test_unknown_no_config if {
	t.tells(rule.unknown, "component:kernel") with input as t.put(t.no_config, "/boot", t.booting([t.disk]).boot)
	t.silent(rule.unknown) with input as t.no_config
}
