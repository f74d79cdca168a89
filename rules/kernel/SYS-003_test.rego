package seaworthy.test.SYS_003

import data.seaworthy.rules.SYS_003 as rule
import data.seaworthy.testing as t

test_fires if t.fires(rule.fail, "sysctl:fs.protected_symlinks") with input as t.sysctl("fs.protected_symlinks", "0")

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_unknown_no_files if {
	t.tells_also(rule.unknown, "sysctl:fs.protected_symlinks") with input as t.put(t.sysctl_unset("fs.protected_symlinks"), "/components/2/files/present", false)
	t.silent(rule.fail) with input as t.put(t.sysctl_unset("fs.protected_symlinks"), "/components/2/files/present", false)
}

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "sysctl:kernel.elsewhere") with input as t.good with data.sysctl as [t.elsewhere("SYS-003")]
