package seaworthy.test.CAP_001

import data.seaworthy.given
import data.seaworthy.outcome
import data.seaworthy.rules.CAP_001 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_all if t.fires(fail, "component:services/nginx") with input as t.nginx_caps(given.params.known_capabilities)

test_silent_one if t.silent(fail) with input as t.nginx_caps(["CAP_NET_BIND_SERVICE"])

test_silent_onboot if t.silent(fail) with input as t.spec_with("dhcp", "/process/capabilities", t.capabilities(given.params.known_capabilities))

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_caps(given.params.known_capabilities)
	found := fail with input as system_now
	allowance := [t.allowance("CAP-001", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
