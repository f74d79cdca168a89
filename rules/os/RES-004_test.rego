package seaworthy.test.RES_004

import data.seaworthy.outcome
import data.seaworthy.rules.RES_004 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_disabled if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/resources/memory/disableOOMKiller", true)

test_fires_score if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/process/oomScoreAdj", -999)

test_silent_score if t.silent(fail) with input as t.nginx_with("/process/oomScoreAdj", -500)

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/linux/resources/memory/disableOOMKiller", true)
	found := fail with input as system_now
	allowance := [t.allowance("RES-004", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
