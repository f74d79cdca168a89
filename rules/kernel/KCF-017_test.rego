package seaworthy.test.KCF_017

import data.seaworthy.rules.KCF_017 as rule
import data.seaworthy.testing as t

test_fires if t.fires_also(rule.fail, "kernel:CONFIG_TIPC") with input as t.kconfigs(object.union(t.open_kernel, {"CONFIG_TIPC": "m"}))

test_unknown_no_config if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_config
	t.silent(rule.fail) with input as t.no_config
}

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}

test_silent_without_userns if t.silent(rule.fail) with input as t.kconfig("CONFIG_USER_NS", "n")

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "kernel:CONFIG_ELSEWHERE") with input as t.good with data.kconfig as [t.elsewhere("KCF-017")]
