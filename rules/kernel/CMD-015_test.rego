package seaworthy.test.CMD_015

import data.seaworthy.rules.CMD_015 as rule
import data.seaworthy.testing as t

test_fires_absent if t.fires(rule.fail, "cmdline:oops") with input as t.put(t.cmdline_without("oops"), "/kernel/config/options/CONFIG_PANIC_ON_OOPS", "n")

test_silent_built_in if t.silent(rule.fail) with input as t.put(t.cmdline_without("oops"), "/kernel/config/options/CONFIG_PANIC_ON_OOPS", "y")

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "cmdline:elsewhere") with input as t.good with data.cmdline as [t.elsewhere("CMD-015")]
