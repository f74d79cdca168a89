package seaworthy.test.DEV_001

import data.seaworthy.outcome
import data.seaworthy.rules.DEV_001 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_all if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/resources/devices/-", {"allow": true, "type": "a", "access": "rwm"})

test_fires_block if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/resources/devices/-", {"allow": true, "type": "b", "access": "rwm"})

test_silent_one if t.silent(fail) with input as t.nginx_with("/linux/resources/devices/-", {"allow": true, "type": "c", "major": 1, "minor": 3, "access": "rwm"})

test_silent_mknod if t.silent(fail) with input as t.nginx_with("/linux/resources/devices/-", {"allow": true, "type": "c", "access": "m"})

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/linux/resources/devices/-", {"allow": true, "type": "a", "access": "rwm"})
	found := fail with input as system_now
	allowance := [t.allowance("DEV-001", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
