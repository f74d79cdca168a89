package seaworthy.test.JNT_013

import data.seaworthy.outcome
import data.seaworthy.rules.JNT_013 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires if t.fires_also(fail, "component:services/nginx") with input as t.kconfig("CONFIG_CGROUP_BPF", "n")

test_silent_v1 if {
	s0 := t.put(t.cmdline_add("linuxkit.unified_cgroup_hierarchy", "0"), "/kernel/config/options/CONFIG_CGROUP_BPF", "n")
	t.silent(fail) with input as t.put(s0, "/kernel/config/options/CONFIG_CGROUP_DEVICE", "y")
}

test_silent_good if t.silent(fail) with input as t.good

test_unknown_no_config if {
	t.tells_also(rule.unknown, "component:services/nginx") with input as t.no_config
	t.silent(fail) with input as t.no_config
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.kconfig("CONFIG_CGROUP_BPF", "n")
	found := fail with input as system_now
	allowance := [t.allowance("JNT-013", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells_also(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_v1_without_controller if {
	s0 := t.put(t.cmdline_add("linuxkit.unified_cgroup_hierarchy", "0"), "/kernel/config/options/CONFIG_CGROUP_BPF", "n")
	t.fires_also(fail, "component:services/nginx") with input as t.put(s0, "/kernel/config/options/CONFIG_CGROUP_DEVICE", "n")
}

test_silent_without_rules if {
	off := t.put(t.kconfig("CONFIG_CGROUP_BPF", "n"), "/components/4/spec/linux/resources/devices", [])
	found := fail with input as off
	not "component:services/nginx" in {f.resource | some f in found}
}

test_fires_v1_left_out if {
	v1 := t.put(t.cmdline_add("linuxkit.unified_cgroup_hierarchy", "0"), "/kernel/config/options/CONFIG_CGROUP_DEVICE", "y")
	every name, text in {"cgroup_no_v1": "all", "cgroup_disable": "io,devices"} {
		t.fires_also(fail, "component:services/nginx") with input as t.put(v1, "/cmdline/params/-", {"name": name, "value": text, "index": 1001})
	}
	t.silent(fail) with input as t.put(v1, "/cmdline/params/-", {"name": "cgroup_no_v1", "value": "memory", "index": 1001})
	t.silent(fail) with input as t.cmdline_add("cgroup_no_v1", "all")
}

# On cgroup v1 BPF does not replace the device controller.
test_fires_v1_with_bpf if {
	v1 := t.cmdline_add("linuxkit.unified_cgroup_hierarchy", "0")
	t.fires_also(fail, "component:services/nginx") with input as t.put(v1, "/kernel/config/options/CONFIG_CGROUP_DEVICE", "n")
}
