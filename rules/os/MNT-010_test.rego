package seaworthy.test.MNT_010

import data.seaworthy.outcome
import data.seaworthy.rules.MNT_010 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_run if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/run", "options": ["rbind", "rw"]})

test_fires_var_run if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/var/run/", "options": ["rbind", "rw"]})

test_silent_below if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/run/nginx", "options": ["rbind", "rw"]})

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_mount({"destination": "/x", "type": "bind", "source": "/run", "options": ["rbind", "rw"]})
	found := fail with input as system_now
	allowance := [t.allowance("MNT-010", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_not_a_bind if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "ext4", "source": "/run", "options": ["rw"]})
