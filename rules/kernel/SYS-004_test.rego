package seaworthy.test.SYS_004

import data.seaworthy.rules.SYS_004 as rule
import data.seaworthy.testing as t

test_fires if t.fires(rule.fail, "sysctl:kernel.yama.ptrace_scope") with input as t.sysctl("kernel.yama.ptrace_scope", "0")

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_unknown_no_files if {
	t.tells(rule.unknown, "sysctl:kernel.yama.ptrace_scope") with input as t.put(t.sysctl_unset("kernel.yama.ptrace_scope"), "/components/2/files/present", false)
	t.silent(rule.fail) with input as t.put(t.sysctl_unset("kernel.yama.ptrace_scope"), "/components/2/files/present", false)
}

test_silent_three if t.silent(rule.fail) with input as t.sysctl("kernel.yama.ptrace_scope", "3")

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "sysctl:kernel.elsewhere") with input as t.good with data.sysctl as [t.elsewhere("SYS-004")]
