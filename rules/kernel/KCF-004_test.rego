package seaworthy.test.KCF_004

import data.seaworthy.rules.KCF_004 as rule
import data.seaworthy.testing as t

test_fires if t.fires(rule.fail, "kernel:CONFIG_CPU_MITIGATIONS") with input as t.kconfigs(object.union(t.open_kernel, {"CONFIG_CPU_MITIGATIONS": "n"}))

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

test_na_vendor if t.tells(rule.not_applicable, "kernel:CONFIG_MITIGATION_SRSO") with input as t.kconfigs({"CONFIG_CPU_SUP_AMD": "n", "CONFIG_MITIGATION_SRSO": "n"})

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "kernel:CONFIG_ELSEWHERE") with input as t.good with data.kconfig as [t.elsewhere("KCF-004")]
