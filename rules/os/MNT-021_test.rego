package seaworthy.test.MNT_021

import data.seaworthy.outcome
import data.seaworthy.rules.MNT_021 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

asks(destination) := t.component_with("nginx", "/runtime", {"mounts": [{"destination": destination, "type": "bind", "source": "/var/x", "options": ["bind"]}]})

test_fires if {
	every d in ["/usr/bin/crun", "/containers/services/report/config.json", "/etc", "/var/run/crun", "/proc/self/root/init", "/", "/run", "/var", "/tmp", "/dev/x", "/proc", "/sys/fs/cgroup"] {
		found := fail with input as asks(d)
		t.fires(found, "component:services/nginx")
	}
}

test_silent if {
	every d in ["/var/lib/x", "/run/x", "host", "usr/bin", "/tmp/x", "/srv"] {
		found := fail with input as asks(d)
		t.silent(found)
	}
}

test_fires_namespace if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/runtime", {"bindNS": {"net": "/usr/bin/crun", "pid": ""}})

test_silent_namespace if t.silent(fail) with input as t.component_with("nginx", "/runtime", {"bindNS": {"net": "/run/netns/x", "pid": ""}})

# The mounts of the builder create the root of a container.
test_silent_builder if {
	system := t.put(asks("/containers/services/nginx/rootfs"), "/components/4/origins/runtime:~1mounts", {"layer": "default"})
	t.silent(fail) with input as system
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := asks("/etc")
	found := fail with input as system_now
	allowance := [t.allowance("MNT-021", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

named(m) := {f.key | some f in found} if {
	found := fail with input as t.component_with("nginx", "/runtime", {"mounts": [object.union({"destination": "/var/y"}, m)]})
}

# Folders of the host at a second path.
test_fires_by_another_name if {
	every m in [
		{"type": "bind", "source": "/", "options": ["bind", "ro"]}, {"type": "bind", "source": "/run", "options": ["bind"]},
		{"type": "none", "source": "/proc/1/root", "options": ["bind"]}, {"type": "devtmpfs"}, {"type": "proc"},
		{"type": "bind", "source": "/run/docker.sock", "options": ["bind"]}, {"type": "bind", "source": "/etc", "options": ["bind"]},
		{"type": "overlay", "options": ["lowerdir=/"]},
	] {
		named(m) == {"name:/var/y"}
	}
}

test_silent_by_another_name if {
	every m in [
		{"type": "bind", "source": "/etc", "options": ["bind", "ro"]}, {"type": "bind", "source": "/var/x", "options": ["bind"]},
		{"type": "tmpfs", "source": "tmpfs"}, {"type": "ext4", "source": "/dev/vda1"},
		{"type": "overlay", "options": ["lowerdir=/etc", "upperdir=/run/u", "workdir=/run/w"]},
	] {
		named(m) == set()
	}
}
