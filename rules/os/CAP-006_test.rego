package seaworthy.test.CAP_006

import data.seaworthy.outcome
import data.seaworthy.rules.CAP_006 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_both if {
	system := t.put(t.nginx_caps(["CAP_SYS_PTRACE"]), "/components/4/spec/linux/namespaces", [{"type": "mount"}])
	t.fires(fail, "component:services/nginx") with input as system
}

test_silent_ptrace if t.silent(fail) with input as t.nginx_caps(["CAP_SYS_PTRACE"])

test_fires_onboot if {
	system := t.put(t.put(t.nginx_caps(["CAP_SYS_PTRACE"]), "/components/4/spec/linux/namespaces", [{"type": "mount"}]), "/components/4/section", "onboot")
	t.fires(fail, "component:services/nginx") with input as system
}

test_silent_pid if t.silent(fail) with input as t.nginx_without_ns("pid")

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system := t.put(t.nginx_caps(["CAP_SYS_PTRACE"]), "/components/4/spec/linux/namespaces", [{"type": "mount"}])
	system_now := system
	found := fail with input as system_now
	allowance := [t.allowance("CAP-006", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
