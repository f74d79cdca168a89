package seaworthy.test.IMG_001

import data.seaworthy.rules.IMG_001 as rule
import data.seaworthy.testing as t

test_fires_tag if t.fires(rule.fail, "component:services/nginx") with input as t.component_with("nginx", "/image/locked", false)

test_silent_locked if t.silent(rule.fail) with input as t.good

test_silent_pinned if {
	system := t.put(t.component_with("nginx", "/image/locked", false), "/components/4/image/pinned", true)
	t.silent(rule.fail) with input as system
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.component_with("nginx", "/image/locked", false)
	found := rule.fail with input as system_now
	allowance := [t.allowance("IMG-001", found)]
	t.silent(rule.fail) with input as system_now with data.components as allowance
	t.tells(rule.not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
