package seaworthy.test.CAP_005

import data.seaworthy.outcome
import data.seaworthy.rules.CAP_005 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_rawio if t.fires(fail, "component:services/nginx") with input as t.nginx_caps(["CAP_SYS_RAWIO"])

test_fires_mknod if {
	system := t.put(t.nginx_caps(["CAP_MKNOD"]), "/components/4/spec/linux/resources/devices/-", {"allow": true, "type": "a", "access": "rwm"})
	t.fires(fail, "component:services/nginx") with input as system
}

test_silent_mknod if t.silent(fail) with input as t.nginx_caps(["CAP_MKNOD"])

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_caps(["CAP_SYS_RAWIO"])
	found := fail with input as system_now
	allowance := [t.allowance("CAP-005", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
