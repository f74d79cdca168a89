package seaworthy.test.SYS_009

import data.seaworthy.rules.SYS_009 as rule
import data.seaworthy.testing as t

test_fires if t.fires(rule.fail, "sysctl:dev.tty.ldisc_autoload") with input as t.sysctl("dev.tty.ldisc_autoload", "1")

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_unknown_no_files if {
	t.tells_also(rule.unknown, "sysctl:dev.tty.ldisc_autoload") with input as t.put(t.sysctl_unset("dev.tty.ldisc_autoload"), "/components/2/files/present", false)
	t.silent(rule.fail) with input as t.put(t.sysctl_unset("dev.tty.ldisc_autoload"), "/components/2/files/present", false)
}

test_na_too_old if t.tells_also(rule.not_applicable, "sysctl:dev.tty.legacy_tiocsti") with input as t.put(t.good, "/kernel/version", "6.1.0")

test_silent_default_since if t.silent(rule.fail) with input as t.kconfig("CONFIG_USERFAULTFD", "y")

test_fires_old_default if t.fires(rule.fail, "sysctl:vm.unprivileged_userfaultfd") with input as t.put(t.kconfig("CONFIG_USERFAULTFD", "y"), "/kernel/version", "5.10")

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "sysctl:kernel.elsewhere") with input as t.good with data.sysctl as [t.elsewhere("SYS-009")]
