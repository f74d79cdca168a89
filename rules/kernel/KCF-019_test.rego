package seaworthy.test.KCF_019

import data.seaworthy.rules.KCF_019 as rule
import data.seaworthy.testing as t

test_fires if t.fires_also(rule.fail, "kernel:CONFIG_BPF_UNPRIV_DEFAULT_OFF") with input as t.kconfigs(object.union(t.open_kernel, {"CONFIG_BPF_UNPRIV_DEFAULT_OFF": "n"}))

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

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "kernel:CONFIG_ELSEWHERE") with input as t.good with data.kconfig as [t.elsewhere("KCF-019")]
