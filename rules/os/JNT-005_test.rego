package seaworthy.test.JNT_005

import data.seaworthy.outcome
import data.seaworthy.rules.JNT_005 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_rawio if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_DEVMEM": "y"})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	t.fires(fail, "component:services/nginx") with input as s1
}

test_fires_dev_bind if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_DEVMEM": "y"})), [])
	s1 := t.put(s0, "/components/4/spec/mounts/-", {"destination": "/dev", "type": "bind", "source": "/dev", "options": ["rbind"]})
	t.fires(fail, "component:services/nginx") with input as s1
}

test_high_with_ioperm if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_DEVMEM": "y", "CONFIG_X86_IOPL_IOPERM": "y"})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	found := fail with input as s1
	some f in found
	f.severity == "high"
}

test_low_when_strict if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_DEVMEM": "y", "CONFIG_STRICT_DEVMEM": "y", "CONFIG_IO_STRICT_DEVMEM": "y"})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	found := fail with input as s1
	some f in found
	f.severity == "low"
}

test_high_when_not if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_DEVMEM": "y", "CONFIG_IO_STRICT_DEVMEM": "n"})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	found := fail with input as s1
	some f in found
	f.severity == "high"
}

test_high_with_ports if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_DEVMEM": "y", "CONFIG_DEVPORT": "y"})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	found := fail with input as s1
	some f in found
	f.severity == "high"
}

test_high_when_relaxed if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_DEVMEM": "y"})), [["iomem", "relaxed"]])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	found := fail with input as s1
	some f in found
	f.severity == "high"
}

test_silent_no_devmem if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	t.silent(fail) with input as s1
}

test_silent_locked_down if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_DEVMEM": "y"})), [["lockdown", "integrity"]])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	t.silent(fail) with input as s1
}

test_unknown_no_config if {
	s0 := t.no_config
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	t.tells(rule.unknown, "component:services/nginx") with input as s1
	t.silent(fail) with input as s1
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_DEVMEM": "y"})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	system_now := s1
	found := fail with input as system_now
	allowance := [t.allowance("JNT-005", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_high_when_not_strict if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_DEVMEM": "y", "CONFIG_STRICT_DEVMEM": "n", "CONFIG_IO_STRICT_DEVMEM": "y"})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_RAWIO"])
	found := fail with input as s1
	some f in found
	f.severity == "high"
}

test_silent_not_a_bind if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_DEVMEM": "y"})), [])
	s1 := t.put(s0, "/components/4/spec/mounts/-", {"destination": "/x", "type": "ext4", "source": "/dev", "options": []})
	t.silent(fail) with input as s1
}

test_edit_takes_the_bind if {
	c := {
		"id": "services/a", "section": "services",
		"entry": {"binds": ["/dev:/dev:ro", "/srv:/srv:ro"]},
		"spec": {"mounts": [
			{"destination": "/dev", "type": "tmpfs", "source": "/dev", "options": []},
			{"destination": "/dev", "type": "bind", "source": "/dev", "options": ["ro"]},
			{"destination": "/srv", "type": "bind", "source": "/srv", "options": ["ro"]},
		]},
		"image": {"labels": {}},
	}
	{e.value | some e in rule.without_dev(c)} == {"/dev:/dev:ro"} with input as {"components": [c]}
}

test_fires_device if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_DEVMEM": "y", "CONFIG_STRICT_DEVMEM": "n"})), [])
	t.fires(fail, "component:services/nginx") with input as t.put(s0, "/components/4/spec/linux/devices/-", {"path": "/x", "type": "c", "major": 1, "minor": 1})
	t.silent(fail) with input as t.put(s0, "/components/4/spec/linux/devices/-", {"path": "/x", "type": "c", "major": 1, "minor": 11})
}
