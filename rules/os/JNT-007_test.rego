package seaworthy.test.JNT_007

import data.seaworthy.outcome
import data.seaworthy.rules.JNT_007 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_BOOT"])
	t.fires(fail, "component:services/nginx") with input as s1
}

test_low_without_kexec if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_KEXEC_FILE": "n"})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_BOOT"])
	found := fail with input as s1
	some f in found
	f.severity == "low"
}

test_high_with_kexec if {
	s0 := t.put(t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_KEXEC": "y"})), []), "/sysctl/settings", [])
	found := fail with input as t.with_caps(s0, ["CAP_SYS_BOOT"])
	some f in found
	f.severity == "high"
}

test_high_with_unsigned_file if {
	s0 := t.put(t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_KEXEC_FILE": "y", "CONFIG_KEXEC_SIG_FORCE": "n"})), []), "/sysctl/settings", [])
	found := fail with input as t.with_caps(s0, ["CAP_SYS_BOOT"])
	some f in found
	f.severity == "high"
}

test_low_with_signed_file if {
	s0 := t.put(t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_KEXEC_FILE": "y", "CONFIG_KEXEC_SIG_FORCE": "y"})), []), "/sysctl/settings", [])
	found := fail with input as t.with_caps(s0, ["CAP_SYS_BOOT"])
	some f in found
	f.severity == "low"
}

test_low_with_sysctl if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_KEXEC": "y"})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_BOOT"])
	found := fail with input as s1
	some f in found
	f.severity == "low"
}

test_low_when_locked_down if {
	s0 := t.put(t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_KEXEC": "y"})), [["lockdown", "integrity"]]), "/sysctl/settings", [])
	found := fail with input as t.with_caps(s0, ["CAP_SYS_BOOT"])
	some f in found
	f.severity == "low"
}

test_silent_good if t.silent(fail) with input as t.good

test_unknown_no_config if {
	s0 := t.no_config
	s1 := t.with_caps(s0, ["CAP_SYS_BOOT"])
	t.tells(rule.unknown, "component:services/nginx") with input as s1
	t.silent(fail) with input as s1
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_BOOT"])
	system_now := s1
	found := fail with input as system_now
	allowance := [t.allowance("JNT-007", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_low_with_neither if {
	s0 := t.put(t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_KEXEC_FILE": "n", "CONFIG_KEXEC_SIG_FORCE": "n"})), []), "/sysctl/settings", [])
	found := fail with input as t.with_caps(s0, ["CAP_SYS_BOOT"])
	some f in found
	f.severity == "low"
}
