package seaworthy.test.USR_001

import data.seaworthy.rules.USR_001 as rule
import data.seaworthy.testing as t

test_fires_root if {
	system := t.put(t.nginx_caps(["CAP_CHOWN"]), "/components/4/spec/process/user/uid", 0)
	t.fires(rule.fail, "component:services/nginx") with input as system
}

test_fires_unset if {
	system := t.drop(t.nginx_caps(["CAP_CHOWN"]), "/components/4/spec/process/user")
	t.fires(rule.fail, "component:services/nginx") with input as system
}

test_silent_no_caps if t.silent(rule.fail) with input as t.nginx_with("/process/user/uid", 0)

test_unknown_no_spec if t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
