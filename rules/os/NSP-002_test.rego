package seaworthy.test.NSP_002

import data.seaworthy.outcome
import data.seaworthy.rules.NSP_002 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_host if t.fires(fail, "component:services/nginx") with input as t.nginx_without_ns("network")

test_fires_pid1 if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/namespaces", [{"type": "mount"}, {"type": "network", "path": "/proc/1/ns/net"}])

test_silent_own if t.silent(fail) with input as t.good

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_without_ns("network")
	found := fail with input as system_now
	allowance := [t.allowance("NSP-002", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
