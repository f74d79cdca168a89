package seaworthy.test.INI_003

import data.seaworthy.rules.INI_003 as rule
import data.seaworthy.testing as t

ignored(key, component) := t.put(t.good, "/ignored", [{"key": key, "value": "x", "component": component, "reason": "x has no effect", "origin": t.origin}])

test_fires_component if t.fires(rule.fail, "component:services/nginx") with input as ignored("hostname", "services/nginx")

test_fires_trust if t.fires(rule.fail, "image:test") with input as ignored("trust.image", "")

test_silent_good if t.silent(rule.fail) with input as t.good

test_silent_null if t.silent(rule.fail) with input as t.put(t.good, "/ignored", null)

test_silent_elsewhere if t.silent(rule.fail) with input as ignored("files.source", "")

test_checked if rule.checked == {"image:test"} with input as t.good
