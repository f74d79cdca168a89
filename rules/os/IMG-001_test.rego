package seaworthy.test.IMG_001

import data.seaworthy.rules.IMG_001 as rule
import data.seaworthy.testing as t

test_fires_tag if t.fires(rule.fail, "component:services/nginx") with input as t.component_with("nginx", "/image/locked", false)

test_silent_locked if t.silent(rule.fail) with input as t.good

test_silent_pinned if {
	system := t.put(t.component_with("nginx", "/image/locked", false), "/components/4/image/pinned", true)
	t.silent(rule.fail) with input as system
}
