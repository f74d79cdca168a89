package seaworthy.test.JNT_010

import data.seaworthy.rules.JNT_010 as rule
import data.seaworthy.testing as t

test_fires_usr if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/usr/lib", "type": "bind", "source": "/var/x", "options": ["rbind", "rw"]})

test_fires_entrypoint if t.fires(rule.fail, "component:services/nginx") with input as t.put(t.nginx_mount({"destination": "/opt", "type": "bind", "source": "/var/x", "options": ["bind"]}), "/components/4/spec/process/args", ["/opt/app/run"])

test_fires_root if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/", "type": "bind", "source": "/var/x", "options": ["rbind", "rw"]})

test_silent_data if t.silent(rule.fail) with input as t.nginx_mount({"destination": "/data", "type": "bind", "source": "/var/x", "options": ["rbind", "rw"]})

test_silent_ro if t.silent(rule.fail) with input as t.nginx_mount({"destination": "/usr/lib", "type": "bind", "source": "/var/x", "options": ["rbind", "ro"]})

test_silent_writable_root_is_mnt_001 if {
	s0 := t.nginx_mount({"destination": "/usr", "type": "bind", "source": "/var/x", "options": ["bind"]})
	t.silent(rule.fail) with input as t.put(s0, "/components/4/spec/root/readonly", false)
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(rule.fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_mount({"destination": "/usr/lib", "type": "bind", "source": "/var/x", "options": ["rbind", "rw"]})
	found := rule.fail with input as system_now
	allowance := [t.allowance("JNT-010", found)]
	t.silent(rule.fail) with input as system_now with data.components as allowance
	t.tells(rule.not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_not_a_bind if t.silent(rule.fail) with input as t.nginx_mount({"destination": "/usr", "type": "ext4", "source": "/var/x", "options": ["rw"]})
