package seaworthy.test.SYS_019

import data.seaworthy.rules.SYS_019 as rule
import data.seaworthy.testing as t

test_fires_setting if {
	every pair in [
		["kernel.modprobe", "/etc/x/run"],
		["kernel.core_pattern", "| /usr/bin/collect %P"],
		["kernel.hotplug", "/sbin/mdev"],
		["kernel.poweroff_cmd", "/x off"],
		["fs.binfmt_misc.register", ":x:M::MZ::/x:"],
		["kernel.mod*", "/x"],
		["kernel.later", " |/x"],
	] {
		t.fires(rule.fail, sprintf("sysctl:%s", [pair[0]])) with input as t.sysctl(pair[0], pair[1])
	}
}

test_silent_setting if {
	every pair in [
		["kernel.modprobe", "/sbin/modprobe"],
		["kernel.modprobe", ""],
		["kernel.core_pattern", "|/bin/false"],
		["kernel.core_pattern", "/var/core/%e.%p"],
		["kernel.core_pattern", "core"],
		["kernel.hostname", "x/y"],
		["net.*", "1"],
	] {
		t.silent(rule.fail) with input as t.sysctl(pair[0], pair[1])
	}
}

test_silent_as_built if t.silent(rule.fail) with input as t.put(t.sysctl("kernel.modprobe", "/usr/bin/modprobe"), "/kernel/config/options/CONFIG_MODPROBE_PATH", "/usr/bin/modprobe")

test_silent_good if {
	t.silent(rule.fail) with input as t.good
	count(rule.checked) > 0 with input as t.good
}

test_fires_container if t.fires(rule.fail, "sysctl:kernel.modprobe") with input as t.nginx_with("/linux/sysctl", {"kernel/modprobe": "/x"})

test_fires_image if t.fires(rule.fail, "sysctl:kernel.modprobe") with input as t.put(t.good, "/components/2/files/sysctl", [{"key": "kernel.modprobe", "value": "/x", "source": "/etc/sysctl.d/a.conf", "order": 0}])

test_fires_files if t.fires(rule.fail, "sysctl:kernel.modprobe") with input as t.put(t.good, "/files", [{"path": "/etc/sysctl.d/a.conf", "sysctl": [{"key": "kernel.modprobe", "value": "/x", "source": "", "order": 0}]}])

test_fires_spec_setting if {
	some f in rule.fail with input as t.put(t.good, "/sysctl/settings", [
		{"key": "kernel.modprobe", "value": "/x", "component": "onboot/a", "source": "spec", "order": 0},
		{"key": "kernel.modprobe", "value": "/y", "source": "b.conf", "order": 1},
	])
	f.message == "kernel.modprobe names a program that the kernel runs as root, outside every container: /x (onboot/a); /y (b.conf)"
}

# CMD-003 checks the command line.
test_silent_command_line if t.silent(rule.fail) with input as t.put(t.good, "/sysctl/settings", [{"key": "kernel.modprobe", "value": "/x", "component": "cmdline", "source": "cmdline", "order": 0}])

test_unknown if t.tells(rule.unknown, "image:test") with input as t.put(t.good, "/sysctl/unknown", [{"component": "onboot/sysctl", "reason": "x"}])
