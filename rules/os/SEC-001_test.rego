package seaworthy.test.SEC_001

import data.seaworthy.rules.SEC_001 as rule
import data.seaworthy.testing as t

test_fires_absent if t.fires(rule.fail, "component:services/nginx") with input as t.drop(t.good, "/components/4/spec/linux/seccomp")

test_fires_null if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_with("/linux/seccomp", null)

test_silent_good if t.silent(rule.fail) with input as t.good

test_unknown_no_spec if t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
