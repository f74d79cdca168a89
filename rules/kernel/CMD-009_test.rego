package seaworthy.test.CMD_009

import data.seaworthy.rules.CMD_009 as rule
import data.seaworthy.testing as t

test_fires_debug if t.fires(rule.fail, "cmdline:debug") with input as t.cmdline_add("debug", null)

test_fires_linuxkit if t.fires(rule.fail, "cmdline:linuxkit.runc_debug") with input as t.cmdline_add("linuxkit.runc_debug", "1")

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "cmdline:elsewhere") with input as t.good with data.cmdline as [t.elsewhere("CMD-009")]
