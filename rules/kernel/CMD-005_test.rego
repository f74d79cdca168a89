package seaworthy.test.CMD_005

import data.seaworthy.rules.CMD_005 as rule
import data.seaworthy.testing as t

test_fires_emulate if t.fires(rule.fail, "cmdline:vsyscall") with input as t.cmdline_add("vsyscall", "emulate")

test_silent_emulation_off if t.silent(rule.fail) with input as t.put(t.cmdline_without("vsyscall"), "/kernel/config/options/CONFIG_X86_VSYSCALL_EMULATION", "n")

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "cmdline:elsewhere") with input as t.good with data.cmdline as [t.elsewhere("CMD-005")]
