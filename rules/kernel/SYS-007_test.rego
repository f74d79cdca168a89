package seaworthy.test.SYS_007

import data.seaworthy.rules.SYS_007 as rule
import data.seaworthy.testing as t

test_fires if t.fires(rule.fail, "sysctl:kernel.modules_disabled") with input as t.sysctl("kernel.modules_disabled", "0")

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_unknown_no_files if {
	t.tells(rule.unknown, "sysctl:kernel.modules_disabled") with input as t.put(t.sysctl_unset("kernel.modules_disabled"), "/components/2/files/present", false)
	t.silent(rule.fail) with input as t.put(t.sysctl_unset("kernel.modules_disabled"), "/components/2/files/present", false)
}

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "sysctl:kernel.elsewhere") with input as t.good with data.sysctl as [t.elsewhere("SYS-007")]
