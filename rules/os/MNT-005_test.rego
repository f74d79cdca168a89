package seaworthy.test.MNT_005

import data.seaworthy.outcome
import data.seaworthy.rules.MNT_005 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_etc if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/etc", "options": ["rbind", "rw"]})

test_fires_below if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/usr/local/bin", "options": ["bind"]})

test_fires_last_rw if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/etc", "options": ["ro", "rbind", "rw"]})

test_silent_ro if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/etc", "options": ["rbind", "ro"]})

test_silent_var if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/var/lib/x", "options": ["rbind", "rw"]})

test_silent_namesake if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/etcetera", "options": ["rbind", "rw"]})

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_mount({"destination": "/x", "type": "bind", "source": "/etc", "options": ["rbind", "rw"]})
	found := fail with input as system_now
	allowance := [t.allowance("MNT-005", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_not_a_bind if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "ext4", "source": "/etc", "options": ["rw"]})

test_fires_upper if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "overlay", "source": "overlay", "options": ["lowerdir=/var/a", "upperdir=/etc/b", "workdir=/etc/c"]})

test_fires_run if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/var/run", "options": ["rbind", "rw"]})

test_fires_state_of_init if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/run/seaworthy", "options": ["rbind"]})

test_fires_component if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/containers/services/report/rootfs", "options": ["rbind", "rw"]})

test_silent_volume if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/containers/volumes/data/merged", "options": ["rbind", "rw"]})

test_silent_resolv_conf if t.silent(fail) with input as t.nginx_mount({"destination": "/etc/resolv.conf", "type": "bind", "source": "/etc/resolv.conf", "options": ["rbind", "rw"]})

test_silent_folder_of_run if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/run/resolvconf", "options": ["rbind", "rw"]})
