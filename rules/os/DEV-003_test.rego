package seaworthy.test.DEV_003

import data.seaworthy.outcome
import data.seaworthy.rules.DEV_003 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_0666 if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/devices/-", {"path": "/dev/loop0", "type": "b", "major": 7, "minor": 0, "fileMode": 438})

test_silent_0660 if t.silent(fail) with input as t.nginx_with("/linux/devices/-", {"path": "/dev/loop0", "type": "b", "major": 7, "minor": 0, "fileMode": 432})

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/linux/devices/-", {"path": "/dev/loop0", "type": "b", "major": 7, "minor": 0, "fileMode": 438})
	found := fail with input as system_now
	allowance := [t.allowance("DEV-003", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
