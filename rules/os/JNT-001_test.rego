package seaworthy.test.JNT_001

import data.seaworthy.outcome
import data.seaworthy.rules.JNT_001 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_unsigned if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_MODULE"])
	t.fires(fail, "component:services/nginx") with input as s1
}

test_silent_enforced if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {})), [["module.sig_enforce", "1"]])
	s1 := t.with_caps(s0, ["CAP_SYS_MODULE"])
	t.silent(fail) with input as s1
}

test_silent_forced if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {"CONFIG_MODULE_SIG_FORCE": "y"})), [])
	s1 := t.with_caps(s0, ["CAP_SYS_MODULE"])
	t.silent(fail) with input as s1
}

test_silent_locked_down if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {})), [["lockdown", "integrity"]])
	s1 := t.with_caps(s0, ["CAP_SYS_MODULE"])
	t.silent(fail) with input as s1
}

test_silent_no_cap if {
	s0 := t.cmdline_of(t.kconfigs(object.union(t.open_kernel, {})), [])
	t.silent(fail) with input as s0
}

test_unknown_no_config if {
	s0 := t.no_config
	s1 := t.with_caps(s0, ["CAP_SYS_MODULE"])
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
	s1 := t.with_caps(s0, ["CAP_SYS_MODULE"])
	system_now := s1
	found := fail with input as system_now
	allowance := [t.allowance("JNT-001", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
