package seaworthy.test.NSP_001

import data.seaworthy.outcome
import data.seaworthy.rules.NSP_001 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_host if t.fires(fail, "component:services/nginx") with input as t.nginx_without_ns("pid")

test_fires_pid1 if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/namespaces", [{"type": "mount"}, {"type": "pid", "path": "/proc/1/ns/pid"}])

test_silent_own if t.silent(fail) with input as t.good

test_silent_onboot if t.silent(fail) with input as t.spec_with("dhcp", "/linux/namespaces", [])

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_without_ns("pid")
	found := fail with input as system_now
	allowance := [t.allowance("NSP-001", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_joined if {
	system := t.nginx_with("/linux/namespaces/1", {"type": "pid", "path": "/proc/self/ns/pid"})
	t.fires(fail, "component:services/nginx") with input as system
	{f.actual | some f in fail} == {"/proc/self/ns/pid"} with input as system
}
