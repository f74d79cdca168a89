package seaworthy.test.JNT_015

import data.seaworthy.outcome
import data.seaworthy.rules.JNT_015 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_before if {
	s0 := t.spec_with("dhcp", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	t.fires(fail, "component:onboot/dhcp") with input as t.put(s0, "/sysctl/settings/-", {"key": "kernel.modules_disabled", "value": "1", "component": "onboot/sysctl", "source": "x", "order": 2000})
}

test_fires_cmdline if {
	s0 := t.spec_with("dhcp", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	t.fires(fail, "component:onboot/dhcp") with input as t.put(s0, "/sysctl/settings", [{"key": "kernel.modules_disabled", "value": "1", "component": "cmdline", "source": "cmdline", "order": 0}])
}

test_silent_after if {
	s0 := t.spec_with("sysctl", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	t.silent(fail) with input as t.put(s0, "/sysctl/settings", [{"key": "kernel.modules_disabled", "value": "1", "component": "onboot/dhcp", "source": "x", "order": 0}])
}

test_silent_no_loader if t.silent(fail) with input as t.good

test_silent_no_modules if {
	s0 := t.spec_with("dhcp", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	t.silent(fail) with input as t.put(s0, "/kernel/config/options/CONFIG_MODULES", "n")
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.spec_with("dhcp", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))

test_allowed if {
	s0 := t.spec_with("dhcp", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	system_now := t.put(s0, "/sysctl/settings/-", {"key": "kernel.modules_disabled", "value": "1", "component": "onboot/sysctl", "source": "x", "order": 2000})
	found := fail with input as system_now
	allowance := [t.allowance("JNT-015", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:onboot/dhcp") with input as system_now with data.components as allowance
}

test_silent_other_key if {
	s0 := t.spec_with("dhcp", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	t.silent(fail) with input as t.put(s0, "/sysctl/settings", [
		{"key": "kernel.sysrq", "value": "1", "component": "onboot/sysctl", "source": "x", "order": 0},
		{"key": "kernel.sysrq", "value": "1", "component": "cmdline", "source": "cmdline", "order": 1},
	])
}

test_silent_itself if {
	system := t.put(t.put(t.good, "/sysctl/settings", [{"key": "kernel.modules_disabled", "value": "1", "component": "onboot/sysctl", "source": "x", "order": 1}]), "/components/2/spec/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	t.silent(fail) with input as system
}

test_edit_takes_that_parameter if {
	loader := t.spec_with("dhcp", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	system := t.put(
		t.put(loader, "/sysctl/settings", [{"key": "kernel.modules_disabled", "value": "1", "component": "cmdline", "source": "cmdline", "order": 0}]),
		"/cmdline/params", [{"name": "quiet", "value": null, "index": 0}, {"name": "sysctl.kernel.modules_disabled", "value": "1", "index": 1}],
	)
	some f in fail with input as system
	f.edits == [{"op": "remove", "path": "/kernel/cmdline", "value": "sysctl.kernel.modules_disabled=1"}]
}
