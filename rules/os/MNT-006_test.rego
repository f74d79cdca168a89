package seaworthy.test.MNT_006

import data.seaworthy.outcome
import data.seaworthy.rules.MNT_006 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_dev if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/dev", "options": ["rbind", "rw"]})

test_fires_below if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/proc/sys", "options": ["rbind", "ro"]})

test_silent_cgroup_is_mnt_008 if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/sys/fs/cgroup", "options": ["rbind", "rw"]})

test_silent_var if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/var/dev", "options": ["rbind", "rw"]})

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_mount({"destination": "/x", "type": "bind", "source": "/dev", "options": ["rbind", "rw"]})
	found := fail with input as system_now
	allowance := [t.allowance("MNT-006", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_not_a_bind if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "ext4", "source": "/dev/sda1", "options": ["rw"]})

test_fires_devtmpfs if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "devtmpfs", "source": "devtmpfs", "options": []})

test_fires_debugfs if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "debugfs", "source": "none", "options": ["ro"]})

test_silent_null if t.silent(fail) with input as t.nginx_mount({"destination": "/etc/motd", "type": "bind", "source": "/dev/null", "options": ["rbind", "ro"]})

test_silent_own_proc if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "proc", "source": "proc", "options": ["ro"]})

# An allowance for one path does not cover another path at the same destination.
test_key_has_the_path if {
	system := t.nginx_mount({"destination": "/dev/kmsg", "type": "bind", "source": "/dev/mem", "options": ["rbind", "ro"]})
	{f.key | some f in fail} == {"/dev/kmsg (/dev/mem)"} with input as system
}

test_fires_proc_by_init if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/runtime", {"mounts": [{"destination": "host", "type": "proc", "source": "proc", "options": []}]})

sys(options) := {"destination": "/sys", "type": "bind", "source": "/sys", "options": options}

# The good service has its own user namespace.
test_silent_shared_sys if t.silent(fail) with input as t.nginx_mount(sys(["rbind", "nosuid", "noexec", "nodev", "rro"]))

test_fires_sys_not_recursive if t.fires(fail, "component:services/nginx") with input as t.nginx_mount(sys(["rbind", "ro"]))

test_fires_sys_writable if t.fires(fail, "component:services/nginx") with input as t.nginx_mount(sys(["rbind", "rro", "rrw"]))

test_fires_sys_elsewhere if {
	elsewhere := object.union(sys(["rbind", "rro"]), {"destination": "/x"})
	t.fires(fail, "component:services/nginx") with input as t.nginx_mount(elsewhere)
}

test_fires_sys_of_other_folder if {
	below := object.union(sys(["rbind", "rro"]), {"source": "/sys/kernel"})
	t.fires(fail, "component:services/nginx") with input as t.nginx_mount(below)
}

test_fires_sys_without_own_users if {
	t.fires(fail, "component:services/nginx") with input as t.host_users(t.nginx_mount(sys(["rbind", "rro"])))
}

test_fires_sys_with_root_of_host if {
	system_now := t.put(t.nginx_mount(sys(["rbind", "rro"])), "/components/4/spec/linux/uidMappings", [{"containerID": 0, "hostID": 0, "size": 65536}])
	t.fires(fail, "component:services/nginx") with input as system_now
}
