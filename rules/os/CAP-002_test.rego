package seaworthy.test.CAP_002

import data.seaworthy.given
import data.seaworthy.outcome
import data.seaworthy.rules.CAP_002 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_onboot if t.fires(fail, "component:onboot/dhcp") with input as t.spec_with("dhcp", "/process/capabilities", t.capabilities(given.params.known_capabilities))

test_silent_service if t.silent(fail) with input as t.nginx_caps(given.params.known_capabilities)

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.spec_with("dhcp", "/process/capabilities", t.capabilities(given.params.known_capabilities))
	found := fail with input as system_now
	allowance := [t.allowance("CAP-002", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:onboot/dhcp") with input as system_now with data.components as allowance
}
