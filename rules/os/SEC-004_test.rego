package seaworthy.test.SEC_004

import data.seaworthy.rules.SEC_004 as rule
import data.seaworthy.testing as t

test_fires_none if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_with("/linux/seccomp/architectures", [])

test_silent_no_profile if {
	system := t.drop(t.good, "/components/4/spec/linux/seccomp")
	not t.fires(rule.fail, "component:services/nginx") with input as system
}

test_unknown_no_spec if t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
