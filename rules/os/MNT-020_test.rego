package seaworthy.test.MNT_020

import data.seaworthy.rules.MNT_020 as rule
import data.seaworthy.testing as t

test_fires_twice if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/tmp/", "type": "tmpfs", "source": "tmpfs", "options": []})

test_silent_good if t.silent(rule.fail) with input as t.good

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(rule.fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_mount({"destination": "/tmp/", "type": "tmpfs", "source": "tmpfs", "options": []})
	found := rule.fail with input as system_now
	allowance := [t.allowance("MNT-020", found)]
	t.silent(rule.fail) with input as system_now with data.components as allowance
	t.tells(rule.not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_in_two_components if t.silent(rule.fail) with input as t.drop(t.good, "/components/4/spec/mounts/0")

test_fires_by_init if {
	system := t.put(t.nginx_mount({"destination": "/x", "type": "tmpfs", "source": "tmpfs", "options": []}), "/components/4/runtime", {"mounts": [{"destination": "x", "type": "tmpfs"}, {"destination": "x", "type": "tmpfs"}]})
	t.fires(rule.fail, "component:services/nginx") with input as system
	count(rule.fail) == 1 with input as system
}
