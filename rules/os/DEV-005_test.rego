package seaworthy.test.DEV_005

import data.seaworthy.outcome
import data.seaworthy.rules.DEV_005 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_kvm if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/devices/-", {"path": "/dev/kvm", "type": "c", "major": 10, "minor": 232})

test_silent_null if t.silent(fail) with input as t.nginx_with("/linux/devices/-", {"path": "/dev/null", "type": "c", "major": 1, "minor": 3})

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/linux/devices/-", {"path": "/dev/kvm", "type": "c", "major": 10, "minor": 232})
	found := fail with input as system_now
	allowance := [t.allowance("DEV-005", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_elsewhere if {
	system := t.nginx_with("/linux/devices/-", {"path": "/dev/null", "type": "c", "major": 10, "minor": 232})
	t.fires(fail, "component:services/nginx") with input as system
	{f.actual | some f in fail} == {"/dev/kvm as /dev/null"} with input as system
}

test_fires_by_path if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/devices/-", {"path": "/dev/userfaultfd", "type": "c", "major": 10, "minor": 126})

test_silent_memory if t.silent(fail) with input as t.nginx_with("/linux/devices/-", {"path": "/dev/mem", "type": "c", "major": 1, "minor": 1})
