package seaworthy.test.IMG_003

import data.seaworthy.given
import data.seaworthy.rules.IMG_003 as rule
import data.seaworthy.testing as t

test_fires_other if {
	allowed := object.union(given.params, {"registries": ["docker.io/seaworthy", "ghcr.io"]})
	t.fires(rule.fail, "component:services/nginx") with input as t.component_with("nginx", "/image/registry", "docker.example") with data.params as allowed
}

test_fires_namesake if {
	allowed := object.union(given.params, {"registries": ["docker.io/sea"]})
	t.fires_also(rule.fail, "component:services/nginx") with input as t.good with data.params as allowed
}

test_silent_listed if {
	allowed := object.union(given.params, {"registries": ["docker.io/seaworthy/", "ghcr.io"]})
	t.silent(rule.fail) with input as t.good with data.params as allowed
	count(rule.checked) > 0 with input as t.good with data.params as allowed
}

test_not_applicable_no_list if t.tells(rule.not_applicable, "image:test") with input as t.good

test_no_list if {
	count(rule.checked) == 0 with input as t.good with data.params.registries as []
	t.silent(rule.fail) with input as t.good with data.params.registries as []
	count(rule.not_applicable) == 1 with input as t.good with data.params.registries as []
	count(rule.not_applicable) == 0 with input as t.good with data.params.registries as ["docker.io/seaworthy"]
}
