package seaworthy.test.JNT_002

import data.seaworthy.outcome
import data.seaworthy.rules.JNT_002 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_admin if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_ADMIN"])
	t.fires(fail, "component:services/nginx") with input as s1
}

test_fires_bpf if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {})), [])
	s1 := t.with_caps(s0, ["CAP_BPF"])
	t.fires(fail, "component:services/nginx") with input as s1
}

test_critical_if_unprivileged if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_BPF_UNPRIV_DEFAULT_OFF": "n"})), [])
	s1 := t.with_caps(s0, ["CAP_BPF"])
	found := fail with input as s1
	some f in found
	f.severity == "critical"
}

test_high_otherwise if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {})), [])
	s1 := t.with_caps(s0, ["CAP_BPF"])
	found := fail with input as s1
	some f in found
	f.severity == "high"
}

test_silent_locked_down if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {})), [["lockdown", "confidentiality"]])
	s1 := t.with_caps(s0, ["CAP_BPF"])
	t.silent(fail) with input as s1
}

test_silent_no_bpf if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_BPF_SYSCALL": "n"})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_ADMIN"])
	t.silent(fail) with input as s1
}

test_unknown_no_config if {
	s0 := t.no_config
	s1 := t.with_caps(s0, ["CAP_BPF"])
	t.tells_also(rule.unknown, "component:services/nginx") with input as s1
	t.silent(fail) with input as s1
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_ADMIN"])
	system_now := s1
	found := fail with input as system_now
	allowance := [t.allowance("JNT-002", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells_also(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_one_power if {
	found := rule.found with input as t.with_caps(t.kconfigs({"CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY": "n", "CONFIG_BPF_SYSCALL": "y"}), ["CAP_BPF"])
	{f.key | some f in found; f.resource == "component:services/nginx"} == {"CAP_BPF"}
}

test_no_component_exposed if {
	bare := t.put(t.put(t.no_config, "/components/2/spec/process/capabilities", t.capabilities([])), "/components/3/spec/process/capabilities", t.capabilities([]))
	count(rule.unknown) == 0 with input as bare
}

# lockdown=integrity stops programs that write to the kernel, not those that read it.
test_integrity if {
	system := t.with_caps(t.host_users(t.kconfigs(t.open_kernel)), ["CAP_BPF"])
	t.fires_also(fail, "component:services/nginx") with input as t.cmdline_of(system, [["lockdown", "integrity"]])
	t.silent(fail) with input as t.cmdline_of(system, [["lockdown", "confidentiality"]])
}
