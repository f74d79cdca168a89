package seaworthy.test.MNT_012

import data.seaworthy.outcome
import data.seaworthy.rules.MNT_012 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_bare if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": []})

test_fires_no_size if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "noexec"]})

test_silent_full if t.silent(fail) with input as t.nginx_mount({"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "noexec", "size=1m"]})

test_fires_dev_shm if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/dev/shm", "type": "tmpfs", "source": "tmpfs", "options": []})

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_mount({"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": []})
	found := fail with input as system_now
	allowance := [t.allowance("MNT-012", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

sized(options) := {contains(json.marshal(f.edits), "size=16m") |
	mounted := t.nginx_mount({"destination": "/run", "type": "tmpfs", "source": "tmpfs", "options": options})
	written := t.put(mounted, "/components/4/entry", {"name": "nginx", "tmpfs": [concat(":", ["/run", concat(",", options)])]})
	some f in fail with input as written
}

test_edit_adds_a_size_where_there_is_none if {
	sized(["nosuid", "nodev", "noexec"]) == {true}
	sized(["nosuid", "nodev", "size=1m"]) == {false}
}

test_fires_taken_back if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "noexec", "exec", "size=1m"]})

test_fires_size_zero if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "noexec", "size=1m", "size=0"]})

test_fires_all_memory if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "noexec", "size=100%"]})

test_fires_ramfs if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "ramfs", "source": "ramfs", "options": ["nosuid", "nodev", "noexec", "size=1m"]})

test_silent_blocks if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "noexec", "nr_blocks=16k"]})

test_silent_half if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "noexec", "size=50%"]})

# The edit removes options that cancel the limits, and keeps the others.
test_edit if {
	system := json.patch(t.good, [
		{"op": "add", "path": "/components/4/entry", "value": {"tmpfs": ["/x:nosuid,suid,nodev,mode=1777,size=0"]}},
		{"op": "add", "path": "/components/4/spec/mounts/-", "value": {"destination": "/x", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "suid", "nodev", "mode=1777", "size=0"]}},
	])
	{e.value | some f in fail; some e in f.edits} == {"/x:nosuid,nodev,mode=1777,noexec,size=16m"} with input as system
}

test_no_edit_of_ramfs if {
	{e | some f in fail; some e in f.edits} == set() with input as t.nginx_mount({"destination": "/x", "type": "ramfs", "source": "ramfs", "options": []})
}

test_fires_size_in_another if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "noexec", "size=1m", "mode=755,size=0"]})
