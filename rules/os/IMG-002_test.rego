package seaworthy.test.IMG_002

import data.seaworthy.outcome
import data.seaworthy.rules.IMG_002 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_latest if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/image/tag", "latest")

test_fires_none if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/image/tag", "")

test_silent_digest if {
	system := t.put(t.component_with("nginx", "/image/tag", ""), "/components/4/image/pinned", true)
	t.silent(fail) with input as system
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.component_with("nginx", "/image/tag", "latest")
	found := fail with input as system_now
	allowance := [t.allowance("IMG-002", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
