package seaworthy.test.CMD_002

import data.seaworthy.rules.CMD_002 as rule
import data.seaworthy.testing as t

test_fires_nokaslr if t.fires(rule.fail, "cmdline:nokaslr") with input as t.cmdline_add("nokaslr", null)

test_fires_dash_is_underscore if t.fires(rule.fail, "cmdline:no_hash_pointers") with input as t.cmdline_add("no-hash-pointers", null)

test_silent_rodata if t.silent(rule.fail) with input as t.cmdline_add("rodata", "on")

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "cmdline:elsewhere") with input as t.good with data.cmdline as [t.elsewhere("CMD-002")]
