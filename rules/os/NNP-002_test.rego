package seaworthy.test.NNP_002

import data.seaworthy.outcome
import data.seaworthy.rules.NNP_002 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_setuid if {
	system := t.put(t.nginx_files("setid", [{"path": "/usr/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0}]), "/components/4/spec/process/noNewPrivileges", false)
	t.fires(fail, "component:services/nginx") with input as system
}

test_fires_filecaps if {
	system := t.put(t.nginx_files("fileCaps", [{"path": "/usr/bin/ping", "type": "file", "mode": "755", "uid": 0, "gid": 0}]), "/components/4/spec/process/noNewPrivileges", false)
	t.silent(fail) with input as system
	t.fires(fail, "component:services/nginx") with input as t.put(system, "/formats", [])
	t.fires(fail, "component:services/nginx") with input as t.put(system, "/formats", [{"name": "tar", "attributes": true}])
}

test_silent_nnp if t.silent(fail) with input as t.nginx_files("setid", [{"path": "/usr/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0}])

test_silent_no_setuid if t.silent(fail) with input as t.nginx_with("/process/noNewPrivileges", false)

test_unknown_files if {
	system := t.put(t.no_files, "/components/4/spec/process/noNewPrivileges", false)
	t.tells(rule.unknown, "component:services/nginx") with input as system
	t.silent(fail) with input as system
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system := t.put(t.nginx_files("setid", [{"path": "/usr/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0}]), "/components/4/spec/process/noNewPrivileges", false)
	system_now := system
	found := fail with input as system_now
	allowance := [t.allowance("NNP-002", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_files_unseen if {
	s0 := t.put(t.nginx_with("/process/noNewPrivileges", false), "/components/4/files/setid", [{"path": "/usr/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0}])
	t.silent(fail) with input as t.put(s0, "/components/4/files/present", false)
}

test_edit if {
	some f in rule.found with input as t.put(t.nginx_with("/process/noNewPrivileges", false), "/components/4/files/setid", [{"path": "/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0}])
	f.edits[0].value == true
}

# A volume that the service mounts, with a setuid program in its image.
with_volume(options) := json.patch(t.nginx_mount({"destination": "/data", "type": "bind", "source": "/containers/volumes/data/merged", "options": options}), [
	{"op": "replace", "path": "/components/4/spec/process/noNewPrivileges", "value": false},
	{"op": "add", "path": "/components/-", "value": object.union(t.component("volumes", "data", null), {"files": object.union(t.files, {"setid": [{"path": "/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0}]})})},
])

test_fires_volume if {
	t.fires(fail, "component:services/nginx") with input as with_volume(["rbind", "rw"])
	{f.actual | some f in fail} == {["/data/bin/su"]} with input as with_volume(["rbind", "rw"])
}

test_silent_volume_nosuid if t.silent(fail) with input as with_volume(["rbind", "rw", "nosuid"])

test_silent_other_volume if {
	system := t.put(with_volume(["rbind", "rw"]), "/components/6/name", "other")
	t.silent(fail) with input as system
}

test_unknown_volume if {
	system := t.put(with_volume(["rbind", "rw"]), "/components/6/files/present", false)
	t.tells(rule.unknown, "component:services/nginx") with input as system
	t.silent(fail) with input as system
}

# Files of an init image are on the host. A bind of a host folder includes them.
of_host(source, options) := json.patch(t.nginx_mount({"destination": "/tools", "type": "bind", "source": source, "options": options}), [
	{"op": "add", "path": "/components/1/files/setid", "value": [{"path": "/usr/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0}]},
	{"op": "add", "path": "/components/4/spec/process/noNewPrivileges", "value": false},
])

test_fires_of_host if {
	{f.actual | some f in fail} == {["/tools/su"]} with input as of_host("/usr/bin", ["ro"])
	{f.actual | some f in fail} == {["/tools"]} with input as of_host("/usr/bin/su", ["ro"])
	{f.actual | some f in fail} == {["/tools/usr/bin/su"]} with input as of_host("/", ["ro"])
}

test_silent_beside_it if {
	t.silent(fail) with input as of_host("/usr/bin", ["ro", "nosuid"])
	t.silent(fail) with input as of_host("/usr/lib", ["ro"])
}
