package seaworthy.test.KCF_003

import data.seaworthy.rules.KCF_003 as rule
import data.seaworthy.testing as t

test_fires if t.fires(rule.fail, "kernel:CONFIG_RANDOMIZE_BASE") with input as t.kconfigs(object.union(t.open_kernel, {"CONFIG_RANDOMIZE_BASE": "n"}))

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

test_fires_minimum if t.fires(rule.fail, "kernel:CONFIG_DEFAULT_MMAP_MIN_ADDR") with input as t.kconfig("CONFIG_DEFAULT_MMAP_MIN_ADDR", "4096")

test_silent_other_arch if {
	system := t.put(t.kconfig("CONFIG_RANDOMIZE_MODULE_REGION_FULL", "n"), "/arch", "amd64")
	t.silent(rule.fail) with input as system
}

test_fires_on_arm64 if {
	system := t.put(t.put(t.kconfig("CONFIG_RANDOMIZE_MODULE_REGION_FULL", "n"), "/arch", "arm64"), "/kernel/version", "5.10")
	t.fires(rule.fail, "kernel:CONFIG_RANDOMIZE_MODULE_REGION_FULL") with input as system
}

test_na_no_modules if {
	system := t.put(t.kconfigs({"CONFIG_RANDOMIZE_MODULE_REGION_FULL": "n", "CONFIG_MODULES": "n"}), "/arch", "arm64")
	t.tells_also(rule.not_applicable, "kernel:CONFIG_RANDOMIZE_MODULE_REGION_FULL") with input as system
}

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "kernel:CONFIG_ELSEWHERE") with input as t.good with data.kconfig as [t.elsewhere("KCF-003")]
