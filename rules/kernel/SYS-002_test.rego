package seaworthy.test.SYS_002

import data.seaworthy.rules.SYS_002 as rule
import data.seaworthy.testing as t

test_fires if t.fires(rule.fail, "sysctl:kernel.unprivileged_bpf_disabled") with input as t.sysctl("kernel.unprivileged_bpf_disabled", "0")

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_unknown_no_files if {
	t.tells_also(rule.unknown, "sysctl:kernel.unprivileged_bpf_disabled") with input as t.put(t.sysctl_unset("kernel.unprivileged_bpf_disabled"), "/components/2/files/present", false)
	t.silent(rule.fail) with input as t.put(t.sysctl_unset("kernel.unprivileged_bpf_disabled"), "/components/2/files/present", false)
}

test_silent_two if t.silent(rule.fail) with input as t.sysctl("kernel.unprivileged_bpf_disabled", "2")

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "sysctl:kernel.elsewhere") with input as t.good with data.sysctl as [t.elsewhere("SYS-002")]
