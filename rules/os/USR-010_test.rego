package seaworthy.test.USR_010

import data.seaworthy.rules.USR_010 as rule
import data.seaworthy.testing as t

test_fires_getty if t.fires(rule.fail, "component:services/nginx") with input as t.component_with("nginx", "/name", "getty")

test_silent_good if t.silent(rule.fail) with input as t.good

test_unknown_no_spec if t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
