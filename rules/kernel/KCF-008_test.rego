package seaworthy.test.KCF_008

import data.seaworthy.rules.KCF_008 as rule
import data.seaworthy.testing as t

test_fires if t.fires_also(rule.fail, "kernel:CONFIG_MODULE_SIG") with input as t.kconfigs(object.union(t.open_kernel, {"CONFIG_MODULE_SIG": "n"}))

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

test_silent_locked_down if t.silent(rule.fail) with input as t.kconfig("CONFIG_MODULE_FORCE_LOAD", "y")

test_fires_open if t.fires_also(rule.fail, "kernel:CONFIG_MODULE_FORCE_LOAD") with input as t.kconfigs(object.union(t.open_kernel, {"CONFIG_MODULE_FORCE_LOAD": "y"}))

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "kernel:CONFIG_ELSEWHERE") with input as t.good with data.kconfig as [t.elsewhere("KCF-008")]
