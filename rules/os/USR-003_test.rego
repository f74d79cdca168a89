package seaworthy.test.USR_003

import data.seaworthy.outcome
import data.seaworthy.rules.USR_003 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

as_root := t.host_users(t.nginx_with("/process/user/uid", 0))

# Root of a user namespace without users of the host is not the host's root.
test_silent_stranger if t.silent(fail) with input as t.nginx_with("/process/user/uid", 0)

test_fires_overridden if t.fires(fail, "component:services/nginx") with input as as_root

test_silent_root_image if {
	system := t.put(as_root, "/components/4/image/user", "root:root")
	t.silent(fail) with input as system
}

test_silent_no_user if {
	system := t.put(as_root, "/components/4/image/user", "")
	t.silent(fail) with input as system
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := as_root
	found := fail with input as system_now
	allowance := [t.allowance("USR-003", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
