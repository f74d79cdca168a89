package seaworthy.test.SUP_010

import data.seaworthy.rules.SUP_010 as rule
import data.seaworthy.testing as t

test_fires_other if t.fires(rule.fail, "component:services/nginx") with input as t.component_with("nginx", "/sbom/formats", ["SPDX-1.0"])

test_fires_none if t.fires(rule.fail, "component:services/nginx") with input as t.component_with("nginx", "/sbom/formats", null)

test_unknown_absent if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.component_with("nginx", "/sbom/present", false)
	t.silent(rule.fail) with input as t.component_with("nginx", "/sbom/present", false)
}

test_silent_one if t.silent(rule.fail) with input as t.component_with("nginx", "/sbom/formats", ["SPDX-2.3"])

test_checked if count(rule.checked) > 0 with input as t.good
