package seaworthy.test.MNT_008

import data.seaworthy.outcome
import data.seaworthy.rules.MNT_008 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_bind if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/sys/fs/cgroup", "options": ["rbind", "rw"]})

test_fires_old_name if {
	system := t.put(t.nginx_without_ns("cgroup"), "/components/4/spec/mounts/-", object.union(tree, {"type": "cpuset"}))
	t.fires(fail, "component:services/nginx") with input as system
}

tree := {"destination": "/cg", "type": "cgroup2", "source": "cgroup2", "options": ["nosuid"]}

test_fires_mount if t.fires(fail, "component:services/nginx") with input as t.put(t.nginx_without_ns("cgroup"), "/components/4/spec/mounts/-", tree)

# The runtime mounts only the container's part of the tree. Init mounts the host's tree.
test_silent_own_part if t.silent(fail) with input as t.nginx_mount(tree)

test_fires_by_init if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/runtime", {"mounts": [object.union(tree, {"destination": "cg"})]})

test_silent_read_only_mount if t.silent(fail) with input as t.put(t.nginx_without_ns("cgroup"), "/components/4/spec/mounts/-", object.union(tree, {"options": ["ro"]}))

test_silent_ro if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/sys/fs/cgroup", "options": ["rbind", "ro"]})

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_mount({"destination": "/x", "type": "bind", "source": "/sys/fs/cgroup", "options": ["rbind", "rw"]})
	found := fail with input as system_now
	allowance := [t.allowance("MNT-008", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_other_bind if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/var/x", "options": ["rbind", "rw"]})

test_silent_other_type if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "ext4", "source": "/sys/fs/cgroup", "options": ["rw"]})

test_fires_parent if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/sys", "options": ["rbind", "rw"]})

test_fires_below_read_only if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/sys", "options": ["rbind", "ro"]})

test_silent_all_read_only if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/sys", "options": ["rbind", "rro"]})

test_silent_fs_beside if t.silent(fail) with input as t.nginx_mount({"destination": "/x", "type": "bind", "source": "/sys/class", "options": ["rbind", "rw"]})
