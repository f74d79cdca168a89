package seaworthy.test.CMD_014

import data.seaworthy.rules.CMD_014 as rule
import data.seaworthy.testing as t

test_fires_twice if t.fires(rule.fail, "cmdline:quiet_level") with input as t.cmdline([["quiet_level", "1"], ["quiet_level", "2"]])

test_fires_dash if t.fires_also(rule.fail, "cmdline:a-b") with input as t.cmdline([["a-b", "1"], ["a_b", "2"]])

test_silent_console if t.silent(rule.fail) with input as t.cmdline([["console", "tty0"], ["console", "ttyS0"]])

test_silent_same if t.silent(rule.fail) with input as t.cmdline([["x", "1"], ["x", "1"]])

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}

test_checked if count(rule.checked) > 0 with input as t.good

test_silent_dyndbg if t.silent(rule.fail) with input as t.cmdline([["usbcore.dyndbg", "+p"], ["usbcore.dyndbg", "+t"]])

test_edit_keeps_the_last if {
	some f in rule.fail with input as object.union(t.cmdline([["quiet", null], ["loglevel", "3"], ["loglevel", "7"]]), {"cmdline": {"raw": "quiet loglevel=3 loglevel=7"}})
	{e.value | some e in f.edits} == {"loglevel=3"}
}
