package seaworthy.test.CMD_003

import data.seaworthy.rules.CMD_003 as rule
import data.seaworthy.testing as t

test_fires_init if t.fires(rule.fail, "cmdline:init") with input as t.cmdline_add("init", "/bin/sh")

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_unknown_no_kernel if {
	t.tells(rule.unknown, "component:kernel") with input as t.no_kernel
	t.silent(rule.fail) with input as t.no_kernel
}

test_checked if count(rule.checked) > 0 with input as t.good

test_not_applicable_when if t.tells(rule.not_applicable, "cmdline:elsewhere") with input as t.good with data.cmdline as [t.elsewhere("CMD-003")]

# The default of the kernel.
test_silent_the_usual if {
	t.silent(rule.fail) with input as t.cmdline_add("rdinit", "/init")
	t.silent(rule.fail) with input as t.cmdline_add("init", "/sbin/init")
}

test_fires_rdinit if {
	every path in ["/bin/sh", "/init2", "", "/run/x/init"] {
		t.fires(rule.fail, "cmdline:rdinit") with input as t.cmdline_add("rdinit", path)
	}
}

test_fires_helper if {
	t.fires(rule.fail, "cmdline:sysctl.kernel.modprobe") with input as t.cmdline_add("sysctl.kernel.modprobe", "/etc/x/run")
	t.fires(rule.fail, "cmdline:sysctl/kernel/core_pattern") with input as t.cmdline_add("sysctl/kernel/core_pattern", "|/tmp/x %P")
	t.fires(rule.fail, "cmdline:sysctl.kernel.later") with input as t.cmdline_add("sysctl.kernel.later", "/x")
}

test_silent_helper if {
	t.silent(rule.fail) with input as t.cmdline_add("sysctl.kernel.modprobe", "/sbin/modprobe")
	t.silent(rule.fail) with input as t.cmdline_add("sysctl.kernel.modprobe", "")
	t.silent(rule.fail) with input as t.cmdline_add("sysctl.kernel.core_pattern", "/var/core.%p")
	t.silent(rule.fail) with input as t.cmdline_add("sysctl.kernel.modprobe", null)
}

test_edit_removes_the_helper if {
	some f in rule.fail with input as t.cmdline_add("sysctl.kernel.modprobe", "/x")
	f.edits == [{"op": "remove", "path": "/kernel/cmdline", "value": "sysctl.kernel.modprobe=/x"}]
}

# Words after "--" are arguments of init.
test_fires_argument if {
	words := [{"name": "single", "index": 0}, {"name": "--", "index": 1}, {"name": "S", "index": 2}]
	t.fires(rule.fail, "cmdline:S") with input as t.put(t.good, "/cmdline/early", words)
	t.silent(rule.fail) with input as t.put(t.good, "/cmdline/early", array.slice(words, 0, 1))
}
