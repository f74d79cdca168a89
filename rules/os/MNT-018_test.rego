package seaworthy.test.MNT_018

import data.seaworthy.outcome
import data.seaworthy.rules.MNT_018 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_ext4 if {
	system := t.component_with("nginx", "/runtime", {"mounts": [{"type": "ext4", "source": "/dev/sda1", "destination": "/var", "options": ["nodev"]}]})
	t.fires(fail, "component:services/nginx") with input as system
}

test_silent_full if {
	system := t.component_with("nginx", "/runtime", {"mounts": [{"type": "ext4", "source": "/dev/sda1", "destination": "/var", "options": ["nodev", "nosuid", "noexec"]}]})
	t.silent(fail) with input as system
}

test_silent_tmpfs if {
	system := t.component_with("nginx", "/runtime", {"mounts": [{"type": "tmpfs", "destination": "/var"}]})
	t.silent(fail) with input as system
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system := t.component_with("nginx", "/runtime", {"mounts": [{"type": "ext4", "source": "/dev/sda1", "destination": "/var", "options": ["nodev"]}]})
	system_now := system
	found := fail with input as system_now
	allowance := [t.allowance("MNT-018", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_by_the_runtime if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "ext4", "source": "/dev/vda1", "options": ["nosuid", "nodev", "noexec", "exec"]})

test_fires_exfat if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "exfat", "source": "/dev/vda1", "options": ["ro"]})

test_silent_diskless if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "mqueue", "source": "mqueue", "options": []})

test_silent_bind if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "none", "source": "/var/x", "options": ["bind"]})

# The same destination on the host and in the container gives two findings.
test_two_places if {
	disk := {"destination": "/x", "type": "ext4", "source": "/dev/vda1", "options": []}
	system := t.put(t.nginx_mount(disk), "/components/4/runtime", {"mounts": [disk]})
	{f.key | some f in fail} == {"/x", "mounts:/x"} with input as system
}

test_key_of_the_runtimes if {
	{f.key | some f in fail} == {"mounts:/x"} with input as t.nginx_mount({"destination": "/x", "type": "ext4", "source": "/dev/vda1", "options": []})
}
