package seaworthy.test.RES_005

import data.seaworthy.outcome
import data.seaworthy.rules.RES_005 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_absent if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/process/rlimits", [])

test_fires_unlimited if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/process/rlimits", [{"type": "RLIMIT_CORE", "hard": 1000, "soft": 0}])

test_silent_good if t.silent(fail) with input as t.good

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/process/rlimits", [])
	found := fail with input as system_now
	allowance := [t.allowance("RES-005", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_twice if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/process/rlimits/-", {"type": "RLIMIT_CORE", "hard": 1, "soft": 0})
