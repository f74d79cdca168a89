package seaworthy.test.LOG_001

import data.seaworthy.rules.LOG_001 as rule
import data.seaworthy.testing as t

none := object.union(t.params, {"log_components": ["nobody"]})

test_fires_none if t.fires(rule.fail, "image:test") with input as t.good with data.params as none

test_fires_other_section if {
	system := t.put(t.component_with("report", "/name", "nobody"), "/components/5/section", "volumes")
	t.fires(rule.fail, "image:test") with input as system with data.params as none
}

test_silent_name if t.silent(rule.fail) with input as t.component_with("report", "/name", "nobody") with data.params as none

test_silent_repository if t.silent(rule.fail) with input as t.component_with("report", "/image/repository", "any/nobody") with data.params as none

test_silent_good if t.silent(rule.fail) with input as t.component_with("init", "/image/repository", "seaworthy/init")

test_checked if rule.checked == {"image:test"} with input as t.good
