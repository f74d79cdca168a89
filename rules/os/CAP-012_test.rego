package seaworthy.test.CAP_012

import data.seaworthy.outcome
import data.seaworthy.rules.CAP_012 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_ambient if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/process/capabilities/ambient", ["CAP_CHOWN"])

test_silent_plain if t.silent(fail) with input as t.nginx_caps(["CAP_CHOWN"])

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/process/capabilities/ambient", ["CAP_CHOWN"])
	found := fail with input as system_now
	allowance := [t.allowance("CAP-012", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

# A user other than root can use this capability only as an ambient one.
test_silent_low_ports if t.silent(fail) with input as t.nginx_with("/process/capabilities/ambient", ["CAP_NET_BIND_SERVICE"])

test_others_beside_low_ports if {
	{f.actual | some f in fail} == {["CAP_CHOWN"]} with input as t.nginx_with("/process/capabilities/ambient", ["CAP_CHOWN", "CAP_NET_BIND_SERVICE"])
}
