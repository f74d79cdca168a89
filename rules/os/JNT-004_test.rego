package seaworthy.test.JNT_004

import data.seaworthy.outcome
import data.seaworthy.rules.JNT_004 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires if {
	s0 := t.put(t.sysctl_unset("dev.tty.legacy_tiocsti"), "/kernel/config/options/CONFIG_LEGACY_TIOCSTI", "y")
	t.fires(fail, "component:services/nginx") with input as t.put(s0, "/components/4/spec/mounts/-", {"destination": "/dev/tty1", "type": "bind", "source": "/dev/tty1", "options": ["bind"]})
}

test_fires_device_old_kernel if {
	s0 := t.put(t.put(t.sysctl_unset("dev.tty.legacy_tiocsti"), "/kernel/version", "6.1.0"), "/kernel/config/options/CONFIG_LEGACY_TIOCSTI", "n")
	t.fires(fail, "component:services/nginx") with input as t.put(s0, "/components/4/spec/linux/devices/-", {"path": "/dev/console", "type": "c", "major": 5, "minor": 1})
}

test_silent_sysctl if {
	s0 := t.put(t.good, "/kernel/config/options/CONFIG_LEGACY_TIOCSTI", "y")
	t.silent(fail) with input as t.put(s0, "/components/4/spec/mounts/-", {"destination": "/dev/tty1", "type": "bind", "source": "/dev/tty1", "options": ["bind"]})
}

test_silent_good if t.silent(fail) with input as t.good

test_unknown_no_config if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.put(t.no_config, "/components/4/spec/linux/devices/-", {"path": "/dev/console", "type": "c", "major": 5, "minor": 1})
	t.silent(fail) with input as t.put(t.no_config, "/components/4/spec/linux/devices/-", {"path": "/dev/console", "type": "c", "major": 5, "minor": 1})
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	s0 := t.put(t.sysctl_unset("dev.tty.legacy_tiocsti"), "/kernel/config/options/CONFIG_LEGACY_TIOCSTI", "y")
	system_now := t.put(s0, "/components/4/spec/mounts/-", {"destination": "/dev/tty1", "type": "bind", "source": "/dev/tty1", "options": ["bind"]})
	found := fail with input as system_now
	allowance := [t.allowance("JNT-004", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_not_a_bind if {
	s0 := t.put(t.put(t.good, "/kernel/version", "6.1.0"), "/sysctl/settings", [])
	t.silent(fail) with input as t.put(s0, "/components/4/spec/mounts/-", {"destination": "/x", "type": "ext4", "source": "/dev/console", "options": []})
}

test_silent_option_off if {
	s0 := t.put(t.sysctl_unset("dev.tty.legacy_tiocsti"), "/kernel/config/options/CONFIG_LEGACY_TIOCSTI", "n")
	t.silent(fail) with input as t.put(s0, "/components/4/spec/linux/devices/-", {"path": "/dev/console", "type": "c", "major": 5, "minor": 1})
}

tty(device) := t.put(t.put(t.sysctl_unset("dev.tty.legacy_tiocsti"), "/kernel/config/options/CONFIG_LEGACY_TIOCSTI", "y"), "/components/4/spec/linux/devices/-", device)

test_fires_by_number if t.fires(fail, "component:services/nginx") with input as tty({"path": "/tmp/x", "type": "u", "major": 4, "minor": 64})

test_fires_console_bound if {
	s0 := t.put(t.sysctl_unset("dev.tty.legacy_tiocsti"), "/kernel/config/options/CONFIG_LEGACY_TIOCSTI", "y")
	t.fires(fail, "component:services/nginx") with input as t.put(s0, "/components/4/spec/mounts/-", {"destination": "/x", "type": "bind", "source": "/dev/console", "options": ["bind"]})
}

test_silent_by_number if {
	every d in [
		{"path": "/dev/tty", "type": "c", "major": 5, "minor": 0}, {"path": "/dev/x", "type": "c", "major": 6, "minor": 1},
		{"path": "/dev/x", "type": "b", "major": 4, "minor": 1}, {"path": "/dev/x", "type": "b", "major": 5, "minor": 1},
	] {
		found := fail with input as tty(d)
		t.silent(found)
	}
}

ruled(rule) := t.put(t.put(t.sysctl_unset("dev.tty.legacy_tiocsti"), "/kernel/config/options/CONFIG_LEGACY_TIOCSTI", "y"), "/components/4/spec/linux/resources/devices/-", rule)

test_fires_by_rule if {
	every numbers in [{"major": 4, "minor": 64}, {"major": 4}, {"major": 5, "minor": 1}, {"major": 5}, {"major": 204, "minor": 64}, {"minor": 1}] {
		found := fail with input as ruled(object.union({"allow": true, "type": "c", "access": "rw"}, numbers))
		t.fires(found, "component:services/nginx")
	}
}

test_silent_by_rule if {
	every r in [
		{"allow": true, "type": "c", "major": 136, "access": "rwm"}, {"allow": true, "type": "c", "major": 5, "minor": 0, "access": "rwm"},
		{"allow": true, "type": "c", "major": 4, "minor": 64, "access": "m"}, {"allow": false, "type": "c", "major": 4, "minor": 64, "access": "rw"},
	] {
		found := fail with input as ruled(r)
		t.silent(found)
	}
}
