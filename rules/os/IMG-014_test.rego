package seaworthy.test.IMG_014

import data.seaworthy.outcome
import data.seaworthy.rules.IMG_014 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_root if {
	system := t.put(t.nginx_with("/process/user/uid", 0), "/components/4/image/user", "")
	t.fires(fail, "component:services/nginx") with input as system
}

test_silent_uid if t.silent(fail) with input as t.component_with("nginx", "/image/user", "")

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system := t.put(t.nginx_with("/process/user/uid", 0), "/components/4/image/user", "")
	system_now := system
	found := fail with input as system_now
	allowance := [t.allowance("IMG-014", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_image_user if t.silent(fail) with input as t.nginx_with("/process/user/uid", 0)
