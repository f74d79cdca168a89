package seaworthy.test.KCF_011

import data.seaworthy.rules.KCF_011 as rule
import data.seaworthy.testing as t

test_fires if t.fires(rule.fail, "kernel:CONFIG_PROC_KCORE") with input as t.kconfigs(object.union(t.open_kernel, {"CONFIG_PROC_KCORE": "y"}))

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

test_silent_confidential if t.silent(rule.fail) with input as t.kconfig("CONFIG_PROC_KCORE", "y")

test_fires_integrity_is_less if {
	system := t.kconfigs({"CONFIG_PROC_KCORE": "y", "CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY": "n", "CONFIG_LOCK_DOWN_KERNEL_FORCE_INTEGRITY": "y"})
	t.fires(rule.fail, "kernel:CONFIG_PROC_KCORE") with input as t.cmdline_of(system, [])
}

test_pack_filter if {
	system := t.kconfigs(object.union(t.open_kernel, {"CONFIG_PROC_KCORE": "y", "CONFIG_DEVMEM": "y", "CONFIG_STRICT_DEVMEM": "n"}))
	t.says(rule.fail, "CONFIG_STRICT_DEVMEM") with input as t.cmdline_of(system, []) with data.seaworthy.active as ["baseline"]
	not t.says(rule.fail, "CONFIG_PROC_KCORE") with input as t.cmdline_of(system, []) with data.seaworthy.active as ["baseline"]
}

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "kernel:CONFIG_ELSEWHERE") with input as t.good with data.kconfig as [t.elsewhere("KCF-011")]
