package seaworthy.test.KCF_001

import data.seaworthy.rules.KCF_001 as rule
import data.seaworthy.testing as t

test_fires if t.fires(rule.fail, "kernel:CONFIG_STRICT_KERNEL_RWX") with input as t.kconfigs(object.union(t.open_kernel, {"CONFIG_STRICT_KERNEL_RWX": "n"}))

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_unknown_no_config if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_config
	t.silent(rule.fail) with input as t.no_config
}

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}

test_silent_old_name if t.silent(rule.fail) with input as t.put(t.drop(t.good, "/kernel/config/options/CONFIG_STRICT_KERNEL_RWX"), "/kernel/config/options/CONFIG_DEBUG_RODATA", "y")

test_na_no_modules if t.tells(rule.not_applicable, "kernel:CONFIG_STRICT_MODULE_RWX") with input as t.kconfigs({"CONFIG_MODULES": "n", "CONFIG_STRICT_MODULE_RWX": "n"})

test_unknown_mismatch if {
	t.tells(rule.unknown, "component:kernel") with input as t.put(t.good, "/kernel/config/mismatch", "config of 6.1, kernel 6.12")
	t.silent(rule.fail) with input as t.put(t.good, "/kernel/config/mismatch", "config of 6.1, kernel 6.12")
}

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "kernel:CONFIG_ELSEWHERE") with input as t.good with data.kconfig as [t.elsewhere("KCF-001")]
