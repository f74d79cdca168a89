package seaworthy.test.SUP_011

import data.seaworthy.outcome
import data.seaworthy.rules.SUP_011 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_version if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/sbom/packages/-", {"name": "a", "version": "", "type": "deb", "purl": "pkg:deb/debian/a@1", "licenses": []})

test_fires_purl if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/sbom/packages/-", {"name": "a", "version": "1", "type": "deb", "purl": "", "licenses": []})

test_message if {
	some f in fail with input as t.component_with("nginx", "/sbom/packages/-", {"name": "a", "version": "", "type": "deb", "purl": "pkg:deb/debian/a@1", "licenses": []})
	f.actual == "a without version"
	some g in fail with input as t.component_with("nginx", "/sbom/packages/-", {"name": "a"})
	g.actual == "a without purl, version"
}

test_silent_full if t.silent(fail) with input as t.component_with("nginx", "/sbom/packages/-", {"name": "a", "version": "1", "type": "deb", "purl": "pkg:deb/debian/a@1", "licenses": []})

test_unknown_absent if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.component_with("nginx", "/sbom/present", false)
	t.silent(fail) with input as t.component_with("nginx", "/sbom/present", false)
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.component_with("nginx", "/sbom/packages/-", {"name": "a", "version": "", "type": "deb", "purl": "pkg:deb/debian/a@1", "licenses": []})
	found := fail with input as system_now
	allowance := [t.allowance("SUP-011", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
