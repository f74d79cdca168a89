package seaworthy.test.SUP_008

import data.seaworthy.rules.SUP_008 as rule
import data.seaworthy.testing as t

test_fires_empty if t.fires(rule.fail, "component:services/nginx") with input as t.component_with("nginx", "/sbom/packages", null)

test_unknown_absent if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.component_with("nginx", "/sbom/present", false)
	t.silent(rule.fail) with input as t.component_with("nginx", "/sbom/present", false)
}

test_unknown_is_no_pass if {
	system := t.component_with("nginx", "/sbom/present", false)
	not "component:services/nginx" in rule.checked with input as system
}

test_silent_good if t.silent(rule.fail) with input as t.good

test_silent_no_files if {
	system := t.put(t.component_with("nginx", "/sbom/packages", []), "/components/4/sbom/coverage/files", 0)
	t.silent(rule.fail) with input as system
}

test_checked if count(rule.checked) > 0 with input as t.good
