package seaworthy.test.SUP_009

import data.seaworthy.rules.SUP_009 as rule
import data.seaworthy.testing as t

test_fires_missing if t.fires(rule.fail, "component:services/nginx") with input as t.drop(t.good, "/sbom/components/4")

test_fires_null if t.fires_also(rule.fail, "component:services/nginx") with input as t.put(t.good, "/sbom/components", null)

test_unknown_absent if {
	t.tells(rule.unknown, "image:test") with input as t.put(t.good, "/sbom/present", false)
	t.silent(rule.fail) with input as t.put(t.good, "/sbom/present", false)
}

test_silent_good if t.silent(rule.fail) with input as t.good

test_checked if count(rule.checked) > 0 with input as t.good
