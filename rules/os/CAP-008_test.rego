package seaworthy.test.CAP_008

import data.seaworthy.outcome
import data.seaworthy.rules.CAP_008 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_net if {
	system := t.put(t.nginx_caps(["CAP_NET_RAW"]), "/components/4/spec/linux/namespaces", [{"type": "mount"}])
	t.fires(fail, "component:services/nginx") with input as system
}

test_silent_own_net if t.silent(fail) with input as t.nginx_caps(["CAP_NET_ADMIN"])

test_allowed_dhcp if t.tells_also(not_applicable, "component:onboot/dhcp") with input as t.good

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good
