package seaworthy.test.IMG_015

import data.seaworthy.outcome
import data.seaworthy.rules.IMG_015 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_arm if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/image/architecture", "arm64")

test_silent_good if t.silent(fail) with input as t.good

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.component_with("nginx", "/image/architecture", "arm64")
	found := fail with input as system_now
	allowance := [t.allowance("IMG-015", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
