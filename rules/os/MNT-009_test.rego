package seaworthy.test.MNT_009

import data.seaworthy.outcome
import data.seaworthy.rules.MNT_009 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_writable if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/lib/modules", "options": ["rbind", "rw"]})

test_fires_usr if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/usr/lib/modules/6.1", "options": ["rbind", "rw"]})

test_fires_cap if {
	system := t.put(t.nginx_caps(["CAP_SYS_MODULE"]), "/components/4/spec/mounts/-", {"destination": "/lib/modules", "type": "bind", "source": "/lib/modules", "options": ["rbind", "ro"]})
	t.fires(fail, "component:services/nginx") with input as system
}

test_silent_ro if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/lib/modules", "options": ["rbind", "ro"]})

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_mount({"destination": "/x", "type": "bind", "source": "/lib/modules", "options": ["rbind", "rw"]})
	found := fail with input as system_now
	allowance := [t.allowance("MNT-009", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_not_a_bind if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "ext4", "source": "/lib/modules", "options": ["rw"]})

test_fires_folder_above if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/usr/lib", "options": ["rw"]})
