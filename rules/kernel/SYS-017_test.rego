package seaworthy.test.SYS_017

import data.seaworthy.rules.SYS_017 as rule
import data.seaworthy.testing as t

test_fires_two if t.fires(rule.fail, "sysctl:kernel.kptr_restrict") with input as t.sysctl("kernel.kptr_restrict", "1")

test_silent_same if t.silent(rule.fail) with input as t.sysctl("kernel.kptr_restrict", "2")

test_silent_good if t.silent(rule.fail) with input as t.good

test_checked if count(rule.checked) > 0 with input as t.good

set_in(values) := t.put(t.good, "/sysctl/settings", [object.union({"key": "kernel.x", "component": "onboot/sysctl", "order": i}, v) | some i, v in values])

test_silent_later_file if t.silent(rule.fail) with input as set_in([
	{"value": "1", "source": "/etc/sysctl.d/50.conf"},
	{"value": "1", "source": "/etc/sysctl.d/50.conf"},
	{"value": "2", "source": "/etc/sysctl.d/90.conf"},
])

test_fires_same_file if t.fires(rule.fail, "sysctl:kernel.x") with input as set_in([
	{"value": "1", "source": "/etc/sysctl.d/50.conf"},
	{"value": "2", "source": "/etc/sysctl.d/50.conf"},
])

test_fires_another_component if t.fires(rule.fail, "sysctl:kernel.x") with input as set_in([
	{"value": "1", "source": "/etc/sysctl.d/50.conf"},
	{"value": "2", "source": "/etc/sysctl.d/90.conf", "component": "onboot/other"},
])

test_fires_over_the_command_line if t.fires(rule.fail, "sysctl:kernel.x") with input as set_in([
	{"value": "1", "source": "cmdline", "component": "cmdline"},
	{"value": "2", "source": "/etc/sysctl.d/90.conf"},
])

test_silent_right_in_the_end if t.silent(rule.fail) with input as t.put(t.good, "/sysctl/settings", [
	{"key": "kernel.kptr_restrict", "value": "1", "component": "cmdline", "source": "cmdline", "order": 0},
	{"key": "kernel.kptr_restrict", "value": "2", "component": "onboot/sysctl", "source": "spec", "order": 1},
])
