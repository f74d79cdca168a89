package seaworthy.test.SUP_017

import data.seaworthy.outcome
import data.seaworthy.rules.SUP_017 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_half if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/sbom/coverage", {"files": 100, "owned": 50})

test_silent_90 if t.silent(fail) with input as t.component_with("nginx", "/sbom/coverage", {"files": 100, "owned": 90})

test_silent_empty if t.silent(fail) with input as t.component_with("nginx", "/sbom/coverage", {"files": 0, "owned": 0})

test_unknown_absent if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.component_with("nginx", "/sbom/present", false)
	t.silent(fail) with input as t.component_with("nginx", "/sbom/present", false)
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.component_with("nginx", "/sbom/coverage", {"files": 100, "owned": 50})
	found := fail with input as system_now
	allowance := [t.allowance("SUP-017", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_no_files if t.silent(fail) with input as t.component_with("nginx", "/sbom/coverage", {"files": 0, "owned": 0})
