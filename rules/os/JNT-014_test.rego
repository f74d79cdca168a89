package seaworthy.test.JNT_014

import data.seaworthy.outcome
import data.seaworthy.rules.JNT_014 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires if {
	s0 := t.put(t.nginx_without_ns("user"), "/components/4/spec/process/noNewPrivileges", false)
	t.fires(fail, "component:services/nginx") with input as t.put(s0, "/components/4/files/setid", [{"path": "/usr/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0}])
}

test_worse_with_caps if {
	s0 := t.put(t.nginx_without_ns("user"), "/components/4/spec/process/noNewPrivileges", false)
	s1 := t.put(s0, "/components/4/spec/process/capabilities", t.capabilities(["CAP_SYS_ADMIN"]))
	found := fail with input as t.put(s1, "/components/4/files/setid", [{"path": "/usr/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0}])
	some f in found
	f.severity == "critical"
}

test_silent_nnp if t.silent(fail) with input as t.put(t.nginx_without_ns("user"), "/components/4/files/setid", [{"path": "/usr/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0}])

test_silent_setgid if {
	s0 := t.put(t.nginx_without_ns("user"), "/components/4/spec/process/noNewPrivileges", false)
	t.silent(fail) with input as t.put(s0, "/components/4/files/setid", [{"path": "/usr/bin/wall", "type": "file", "mode": "2755", "uid": 0, "gid": 5}])
}

test_unknown_files if {
	s0 := t.put(t.nginx_without_ns("user"), "/components/4/spec/process/noNewPrivileges", false)
	t.tells(rule.unknown, "component:services/nginx") with input as t.put(s0, "/components/4/files/present", false)
	t.silent(fail) with input as t.put(s0, "/components/4/files/present", false)
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	s0 := t.put(t.nginx_without_ns("user"), "/components/4/spec/process/noNewPrivileges", false)
	system_now := t.put(s0, "/components/4/files/setid", [{"path": "/usr/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0}])
	found := fail with input as system_now
	allowance := [t.allowance("JNT-014", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_files_unseen if {
	s0 := t.put(t.nginx_without_ns("user"), "/components/4/spec/process/noNewPrivileges", false)
	s1 := t.put(s0, "/components/4/files/setid", [{"path": "/usr/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0}])
	t.silent(fail) with input as t.put(s1, "/components/4/files/present", false)
}

test_silent_userns if {
	s0 := t.nginx_with("/process/noNewPrivileges", false)
	t.silent(fail) with input as t.put(s0, "/components/4/files/setid", [{"path": "/usr/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0}])
}

test_severity if {
	seen := {f.severity | some f in fail} with input as jnt_014([])
	seen == {"high"}
	worse := {f.severity | some f in fail} with input as jnt_014(["CAP_SYS_PTRACE"])
	worse == {"critical"}
	same := {f.severity | some f in fail} with input as jnt_014(["CAP_CHOWN"])
	same == {"high"}
}

test_edit if {
	some f in fail with input as jnt_014([])
	f.edits[0].value == true
}

jnt_014(caps) := t.put(t.put(t.put(t.put(t.good, "/components/4/files/setid", [{"path": "/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0}]), "/components/4/spec/process/noNewPrivileges", false), "/components/4/spec/linux/namespaces", [{"type": "mount"}]), "/components/4/spec/process/capabilities", t.capabilities(caps))

# The service mounts a volume whose image contains a setuid program.
with_volume(options) := json.patch(t.nginx_mount({"destination": "/data", "type": "bind", "source": "/containers/volumes/data/merged", "options": options}), [
	{"op": "replace", "path": "/components/4/spec/process/noNewPrivileges", "value": false},
	{"op": "add", "path": "/components/-", "value": object.union(t.component("volumes", "data", null), {"files": object.union(t.files, {"setid": [{"path": "/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0}]})})},
])

test_fires_volume if {
	system := t.put(with_volume(["rbind", "rw"]), "/components/4/spec/linux/namespaces", [])
	t.fires(fail, "component:services/nginx") with input as system
	{f.key | some f in fail} == {"/data/bin/su"} with input as system
}
