package seaworthy.test.MNT_004

import data.seaworthy.outcome
import data.seaworthy.rules.MNT_004 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_root if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/", "options": ["rbind", "rw"]})

test_fires_climbing if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/var/../..", "options": ["rbind", "rw"]})

test_fires_dots if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/./", "options": ["rbind", "rw"]})

test_silent_folder if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/var/data", "options": ["rbind", "rw"]})

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_mount({"destination": "/x", "type": "bind", "source": "/", "options": ["rbind", "rw"]})
	found := fail with input as system_now
	allowance := [t.allowance("MNT-004", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_not_a_bind if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "ext4", "source": "/", "options": ["rw"]})

test_fires_overlay if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/host", "type": "overlay", "source": "overlay", "options": ["lowerdir=/"]})

test_fires_of_a_process if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/host", "type": "bind", "source": "/proc/self/root", "options": ["rbind", "ro"]})

test_fires_by_init if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/runtime", {"mounts": [{"destination": "host", "type": "bind", "source": "/", "options": ["bind"]}]})

test_fires_by_link if {
	system := t.put(t.nginx_mount({"destination": "/host", "type": "bind", "source": "/data", "options": ["rbind", "ro"]}), "/files/-", {"path": "/data", "type": "symlink", "link": "/"})
	t.fires(fail, "component:services/nginx") with input as system
	{f.actual | some f in fail} == {"/ (/data)"} with input as system
}

test_fires_one_option if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/host", "type": "overlay", "source": "overlay", "options": ["lowerdir=/,index=off"]})
