package seaworthy.test.lib

import data.seaworthy.lib

profile(otherwise, calls) := {"spec": {"linux": {"seccomp": {"defaultAction": otherwise, "syscalls": calls}}}}

test_filters if {
	every otherwise in ["SCMP_ACT_ERRNO", "SCMP_ACT_KILL", "SCMP_ACT_KILL_PROCESS", "SCMP_ACT_TRAP"] {
		lib.blocks_call(profile(otherwise, []), "bpf")
		lib.blocks_call(profile(otherwise, [{"names": ["bpf"], "action": "SCMP_ACT_ERRNO"}]), "bpf")
		lib.blocks_call(profile(otherwise, [{"names": ["mount"], "action": "SCMP_ACT_ALLOW"}]), "bpf")
	}
	every action in ["SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_TRACE", "SCMP_ACT_NOTIFY"] {
		not lib.blocks_call(profile(action, []), "bpf")
		not lib.blocks_call(profile("SCMP_ACT_ERRNO", [{"names": ["read", "bpf"], "action": action}]), "bpf")
	}
	not lib.blocks_call({"spec": {}}, "bpf")
}

# Conditions that always hold, or that two rules satisfy together. The call passes
# with arguments that satisfy the comparison.
test_let_through_by_args if {
	rule := {"names": ["bpf"], "action": "SCMP_ACT_ALLOW"}
	every arg in [
		{"index": 0, "op": "SCMP_CMP_GE", "value": 0}, {"index": 0, "op": "SCMP_CMP_NE", "value": 1}, {"index": 0, "op": "SCMP_CMP_EQ", "value": 0},
		{"index": 5, "op": "SCMP_CMP_MASKED_EQ", "value": 9223372036854775808, "valueTwo": 0},
	] {
		lib.passed_calls(profile("SCMP_ACT_ERRNO", [object.union(rule, {"args": [arg]})])) == {"bpf"}
	}
}

clone(args) := lib.passed_calls(profile("SCMP_ACT_ERRNO", [{"names": ["clone", "clone3"], "action": "SCMP_ACT_ALLOW", "args": args}])) == {"clone", "clone3"}

arg(op, value) := {"index": 0, "op": sprintf("SCMP_CMP_%s", [op]), "value": value}

masked(mask, value) := {"index": 0, "op": "SCMP_CMP_MASKED_EQ", "value": mask, "valueTwo": value}

# Of clone only CLONE_NEWUSER matters: 268435456 in the first argument.
test_clone_without_user_namespaces if {
	every args in [
		[masked(2114060288, 0)], [masked(268435456, 0)], [masked(268435457, 1)], [arg("EQ", 17)], [arg("LT", 268435456)], [arg("LE", 268435455)],
		[masked(268435456, 0), {"index": 1, "op": "SCMP_CMP_NE", "value": 0}], [arg("EQ", 17), arg("EQ", 18)],
		[{"index": 0, "op": "SCMP_CMP_MASKED_EQ", "value": 268435456}],
	] {
		not clone(args)
	}
}

test_clone_with_user_namespaces if {
	every args in [
		[], [masked(0, 0)], [masked(131072, 0)], [masked(268435456, 268435456)], [masked(2114060288, 268435456)], [arg("EQ", 268435473)], [arg("NE", 268435456)],
		[arg("GT", 0)], [arg("LT", 268435457)], [arg("LE", 268435456)], [object.union(masked(268435456, 0), {"index": 1})],
		[masked(268435456, 0), arg("GE", 0)], [masked(268435456, 0), arg("GE", 0), {"index": 1, "op": "SCMP_CMP_NE", "value": 0}],
	] {
		clone(args)
	}
}

resources(r) := {"spec": {"linux": {"resources": r}}}

test_limits if {
	lib.pids_limit(resources({})) == 0
	lib.pids_limit(resources({"pids": {"limit": -1}})) == -1
	lib.pids_limit(resources({"pids": {"limit": 1}})) == 1
	lib.pids_limit(resources({"pids": {"limit": 32767}})) == 32767
	lib.pids_limit(resources({"pids": {"limit": 32768}})) == 0
	lib.memory_limit(resources({"memory": {"limit": 1099511627775}})) == 1099511627775
	lib.memory_limit(resources({"memory": {"limit": 1099511627776}})) == 0
	lib.memory_limit(resources({"memory": {"limit": 9223372036854775807}})) == 0
}

# cgroup v2's own files are written last.
test_unified_limits if {
	lib.pids_limit(resources({"pids": {"limit": 10}, "unified": {"pids.max": "max"}})) == 0
	lib.pids_limit(resources({"pids": {"limit": 10}, "unified": {"pids.max": ""}})) == 0
	lib.pids_limit(resources({"unified": {"pids.max": "20"}})) == 20
	lib.memory_limit(resources({"memory": {"limit": 10}, "unified": {"memory.max": "max"}})) == 0
	lib.memory_limit(resources({"unified": {"memory.max": "64M"}})) == 67108864
	lib.memory_limit(resources({"unified": {"memory.max": " 64m\n"}})) == 67108864
	lib.memory_limit(resources({"unified": {"memory.high": "64M"}})) == 0
	lib.memory_limit(resources({"memory": {"limit": 10}, "unified": {"pids.max": "max"}})) == 10
}

service(name, path) := {"id": sprintf("services/%s", [name]), "section": "services", "name": name, "spec": {"linux": {"cgroupsPath": path}}}

shared(list) := found if {
	found := lib.cgroup_shared with input as {"components": list}
}

test_cgroup if {
	lib.cgroup(service("a", "")) == "/a"
	lib.cgroup(service("a", "x//./b/")) == "/x/b"
}

test_cgroup_shared if {
	shared([service("a", "/x"), service("b", "/y"), service("c", "")]) == {}
	shared([service("a", "/x"), service("b", "x")]) == {"services/a": {"services/b"}, "services/b": {"services/a"}}
	shared([service("a", "/x"), service("b", "/x/b"), service("c", "/xc")]) == {"services/a": {"services/b"}, "services/b": {"services/a"}}
	shared([service("a", "/b"), service("b", "")]) == {"services/a": {"services/b"}, "services/b": {"services/a"}}
}

test_limit_said if {
	lib.limit_text(resources({}), "pids.max") == "none"
	lib.limit_text(resources({"pids": {"limit": 0}}), "pids.max") == "none"
	lib.limit_text(resources({"pids": {"limit": 4194304}}), "pids.max") == "4194304"
	lib.limit_text(resources({"pids": {"limit": 10}, "unified": {"pids.max": "max"}}), "pids.max") == "pids.max: max"
}

# The devices that a rule opens, in each form that a runtime reads.
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
