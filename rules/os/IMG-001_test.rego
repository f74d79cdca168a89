package seaworthy.test.IMG_001

import data.seaworthy.outcome
import data.seaworthy.rules.IMG_001 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_tag if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/image/locked", false)

test_silent_locked if t.silent(fail) with input as t.good

test_silent_pinned if {
	system := t.put(t.component_with("nginx", "/image/locked", false), "/components/4/image/pinned", true)
	t.silent(fail) with input as system
}

hashed(tag) := t.put(t.component_with("nginx", "/image/locked", false), "/components/4/image/tag", tag)

test_silent_hash_tag if {
	system := hashed("a86d74c8f89be8956330c3b115b0b1f2e09ef6e0")
	t.silent(fail) with input as system with data.seaworthy.active as ["baseline"]
}

test_fires_hash_tag_hardened if {
	system := hashed("a86d74c8f89be8956330c3b115b0b1f2e09ef6e0")
	t.fires(fail, "component:services/nginx") with input as system with data.seaworthy.active as ["baseline", "hardened"]
	t.fires(fail, "component:services/nginx") with input as system
}

test_fires_no_hash if {
	every tag in ["1.13.8-alpine", "a86d74c", "a86d74c8f89be8956330c3b115b0b1f2e09ef6e0-dirty", "va86d74c8f89be8956330c3b115b0b1f2e09ef6e0"] {
		t.fires(fail, "component:services/nginx") with input as hashed(tag) with data.seaworthy.active as ["baseline"]
	}
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.component_with("nginx", "/image/locked", false)
	found := fail with input as system_now
	allowance := [t.allowance("IMG-001", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
