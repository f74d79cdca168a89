package seaworthy.test.MNT_012

import data.seaworthy.rules.MNT_012 as rule
import data.seaworthy.testing as t

test_fires_bare if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": []})

test_fires_no_size if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "noexec"]})

test_silent_full if t.silent(rule.fail) with input as t.nginx_mount({"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "noexec", "size=1m"]})

test_silent_dev_shm if t.silent(rule.fail) with input as t.nginx_mount({"destination": "/dev/shm", "type": "tmpfs", "source": "tmpfs", "options": []})

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(rule.fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_mount({"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": []})
	found := rule.fail with input as system_now
	allowance := [t.allowance("MNT-012", found)]
	t.silent(rule.fail) with input as system_now with data.components as allowance
	t.tells(rule.not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

sized(options) := {contains(json.marshal(f.edits), "size=16m") |
	mounted := t.nginx_mount({"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": options})
	written := t.put(mounted, "/components/4/entry", {"name": "nginx", "tmpfs": [concat(":", ["/run", concat(",", options)])]})
	some f in rule.fail with input as written
}

test_edit_adds_a_size_where_there_is_none if {
	sized(["nosuid", "nodev", "noexec"]) == {true}
	sized(["nosuid", "nodev", "size=1m"]) == {false}
}
