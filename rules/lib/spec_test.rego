package seaworthy.test.lib

import data.seaworthy.lib

profile(otherwise, calls) := {"spec": {"linux": {"seccomp": {"defaultAction": otherwise, "syscalls": calls}}}}

test_filters if {
	every otherwise in ["SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP"] {
		lib.filters(profile(otherwise, []), "bpf")
		lib.filters(profile(otherwise, [{"names": ["bpf"], "action": "SCMP_ACT_ERRNO"}]), "bpf")
		lib.filters(profile(otherwise, [{"names": ["mount"], "action": "SCMP_ACT_ALLOW"}]), "bpf")
	}
	every action in ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY"] {
		not lib.filters(profile(action, []), "bpf")
		not lib.filters(profile("SCMP_ACT_ERRNO", [{"names": ["read", "bpf"], "action": action}]), "bpf")
	}
	not lib.filters({"spec": {}}, "bpf")
}

# Conditions that are always met, or that two rules meet together.
test_let_through_by_args if {
	rule := {"names": ["bpf"], "action": "SCMP_ACT_ALLOW"}
	every arg in [{"op": "SCMP_CMP_GE", "value": 0}, {"op": "SCMP_CMP_NE", "value": 1}, {"op": "SCMP_CMP_MASKED_EQ", "value": 0, "valueTwo": 0}] {
		lib.let_through(profile("SCMP_ACT_ERRNO", [object.union(rule, {"args": [arg]})])) == {"bpf"}
	}
	every arg in [{"op": "SCMP_CMP_EQ", "value": 0}, {"op": "SCMP_CMP_MASKED_EQ", "value": 1, "valueTwo": 0}] {
		lib.let_through(profile("SCMP_ACT_ERRNO", [object.union(rule, {"args": [arg]})])) == set()
	}
}

resources(r) := {"spec": {"linux": {"resources": r}}}

test_limits if {
	lib.pids_limit(resources({})) == 0
	lib.pids_limit(resources({"pids": {"limit": -1}})) == -1
	lib.pids_limit(resources({"pids": {"limit": 1}})) == 1
	lib.pids_limit(resources({"pids": {"limit": 4194303}})) == 4194303
	lib.pids_limit(resources({"pids": {"limit": 4194304}})) == 0
	lib.memory_limit(resources({"memory": {"limit": 70368744177663}})) == 70368744177663
	lib.memory_limit(resources({"memory": {"limit": 70368744177664}})) == 0
	lib.memory_limit(resources({"memory": {"limit": 9223372036854775807}})) == 0
}

# cgroup v2's own files are written last.
test_unified_limits if {
	lib.pids_limit(resources({"pids": {"limit": 10}, "unified": {"pids.max": "max"}})) == 0
	lib.pids_limit(resources({"pids": {"limit": 10}, "unified": {"pids.max": ""}})) == 0
	lib.pids_limit(resources({"unified": {"pids.max": "20"}})) == 20
	lib.memory_limit(resources({"memory": {"limit": 10}, "unified": {"memory.max": "max"}})) == 0
	lib.memory_limit(resources({"unified": {"memory.max": "64M"}})) == 67108864
	lib.memory_limit(resources({"memory": {"limit": 10}, "unified": {"pids.max": "max"}})) == 10
}

test_limit_said if {
	lib.limit_said(resources({}), "pids.max") == "none"
	lib.limit_said(resources({"pids": {"limit": 0}}), "pids.max") == "none"
	lib.limit_said(resources({"pids": {"limit": 4194304}}), "pids.max") == "4194304"
	lib.limit_said(resources({"pids": {"limit": 10}, "unified": {"pids.max": "max"}}), "pids.max") == "pids.max: max"
}

# What a rule opens, by each form that a runtime reads.
test_opens_all if {
	every r in [
		{"allow": true}, {"allow": true, "type": ""}, {"allow": true, "type": "a", "major": 1, "minor": 3},
		{"allow": true, "type": "b", "access": "r"}, {"allow": true, "type": "c", "access": "wm"}, {"allow": true, "type": "b"},
		{"allow": true, "type": "b", "major": -1, "minor": -1, "access": "rw"},
		{"allow": true, "type": "p", "access": "rwm"}, {"allow": true, "type": "u", "access": "rwm"},
	] {
		lib.opens_all(r)
	}
	every r in [
		{"allow": false}, {"allow": true, "type": "c", "access": "m"}, {"allow": true, "type": "b", "major": 8, "access": "rwm"},
		{"allow": true, "type": "b", "minor": 0, "access": "rwm"}, {"allow": false, "type": "c", "access": "rwm"},
	] {
		not lib.opens_all(r)
	}
}

test_device_name if {
	lib.device_name({"path": "/tmp/x", "type": "u", "major": 1, "minor": 1}) == "/dev/mem"
	lib.device_name({"path": "/dev/null", "type": "c", "major": 10, "minor": 232}) == "/dev/kvm"
	not lib.device_name({"path": "/dev/mem", "type": "c", "major": 1, "minor": 3})
	not lib.device_name({"path": "/dev/mem", "type": "b", "major": 1, "minor": 1})
	not lib.device_name({"path": "/dev/mem", "type": "p", "major": 1, "minor": 1})
}

test_known_nodes if {
	c := {"spec": {"linux": {"devices": [
		{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 1}, {"path": "/dev/null", "type": "c", "major": 1, "minor": 3},
		{"path": "/dev/mem", "type": "u", "major": 1, "minor": 1}, {"path": "/dev/kvm", "type": "c", "major": 10, "minor": 232},
	]}}}
	lib.known_nodes(c) == {"/dev/mem": [0, 2], "/dev/kvm": [3]}
	lib.named_as(c, "/dev/mem", [0, 2]) == "/dev/mem, /dev/mem as /dev/kmsg"
	lib.node_paths(c, [0, 2]) == {"/dev/mem", "/dev/kmsg"}
}

started(args) := {"name": "web", "image": {"repository": "org/web"}, "spec": {"process": {"args": args}}}

test_is_getty if {
	every a in [
		["/sbin/tini", "/usr/bin/rungetty.sh"], ["/sbin/agetty"], ["/bin/busybox", "getty", "-L"], ["/bin/sh", "-c", "sleep 1; exec /sbin/getty -n"],
	] {
		lib.is_getty(started(a))
	}
	lib.is_getty({"name": "console", "image": {"repository": "linuxkit/getty"}, "spec": {}})
	lib.is_getty({"name": "getty", "image": {"repository": "x"}, "spec": {}})
	not lib.is_getty(started(["/usr/bin/tail", "/var/log/getty.log"]))
	not lib.is_getty(started(["/usr/bin/getty-exporter"]))
}

test_is_sshd if {
	every a in [["/sbin/tini", "/usr/bin/ssh.sh"], ["/usr/sbin/sshd", "-D"], ["sh", "-c", "dropbear -F"]] {
		lib.is_sshd(started(a))
	}
	lib.is_sshd({"name": "login", "image": {"repository": "linuxkit/sshd"}, "spec": {}})
	lib.is_sshd({"name": "dropbear", "image": {"repository": "x"}, "spec": {}})
	not lib.is_sshd(started(["/usr/bin/ssh", "host"]))
}
