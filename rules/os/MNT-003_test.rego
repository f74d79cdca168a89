package seaworthy.test.MNT_003

import data.seaworthy.outcome
import data.seaworthy.rules.MNT_003 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_shared if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/var/data", "options": ["rbind", "rshared", "ro"]})

test_silent_slave if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/var/data", "options": ["rbind", "rslave", "ro"]})

test_silent_default_is_mnt_002 if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/var/data", "options": ["rw", "rbind", "rshared"]})

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_mount({"destination": "/x", "type": "bind", "source": "/var/data", "options": ["rbind", "rshared", "ro"]})
	found := fail with input as system_now
	allowance := [t.allowance("MNT-003", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
