package seaworthy.test.RUN_006

import data.seaworthy.outcome
import data.seaworthy.rules.RUN_006 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

entry(path, mode) := {"path": path, "type": "file", "mode": mode, "uid": 0, "gid": 0, "secret": ""}

folder(path, mode) := object.union(entry(path, mode), {"type": "dir"})

# binds is a system whose nginx, uid 101, binds a path at /x.
binds(source, files) := t.put(
	t.put(t.put(t.host_users(t.good), "/components/4/spec/mounts/-", {"destination": "/x", "type": "bind", "source": source, "options": ["bind", "ro"]}), "/files", files),
	"/components/4/spec/process/user", {"uid": 101, "gid": 101},
)

closed := binds("/etc/x.conf", [entry("/etc/x.conf", "600")])

test_fires if {
	t.fires(fail, "component:services/nginx") with input as closed
	t.fires(fail, "component:services/nginx") with input as binds("/etc/x", [entry("/etc/x/a", "600"), entry("/etc/x/b", "0640")])
	t.fires(fail, "component:services/nginx") with input as binds("/etc/x", [folder("/etc/x", "700"), entry("/etc/x/a", "644")])
	t.fires(fail, "component:services/nginx") with input as binds("/etc/x", [entry("/etc/x/a", "70")])
}

# The class of the owner, the group or others decides, even if another has more.
test_fires_class if {
	t.fires(fail, "component:services/nginx") with input as binds("/etc/x", [object.union(entry("/etc/x", "044"), {"uid": 101})])
	t.fires(fail, "component:services/nginx") with input as binds("/etc/x", [object.union(entry("/etc/x", "604"), {"gid": 101})])
	t.silent(fail) with input as binds("/etc/x", [object.union(entry("/etc/x", "400"), {"uid": 101})])
	t.silent(fail) with input as binds("/etc/x", [object.union(entry("/etc/x", "040"), {"gid": 101})])
}

test_silent if {
	t.silent(fail) with input as t.good
	t.silent(fail) with input as binds("/etc/x", [entry("/etc/x", "444")])
	t.silent(fail) with input as binds("/etc/y", [entry("/etc/x", "600")])
	t.silent(fail) with input as binds("/etc/x", [entry("/etc/x/a", "600"), entry("/etc/x/b", "644")])
	t.silent(fail) with input as binds("/etc/x", [folder("/etc/x", "711"), entry("/etc/x/b", "644")])
	t.silent(fail) with input as t.put(closed, "/components/4/spec/process/user", {"uid": 0, "gid": 0})
	t.silent(fail) with input as t.put(binds("/etc/x", [object.union(entry("/etc/x", "640"), {"gid": 7})]), "/components/4/spec/process/user/additionalGids", [7])
}

test_silent_capability if {
	t.silent(fail) with input as t.put(closed, "/components/4/spec/process/capabilities/ambient", ["CAP_DAC_READ_SEARCH"])
	t.fires(fail, "component:services/nginx") with input as t.put(closed, "/components/4/spec/process/capabilities/bounding", ["CAP_DAC_OVERRIDE"])
	other := t.put(binds("/etc/x", [object.union(entry("/etc/x", "600"), {"uid": 7})]), "/components/4/spec/process/user/uid", 0)
	t.fires(fail, "component:services/nginx") with input as other
	t.silent(fail) with input as t.put(other, "/components/4/spec/process/capabilities/bounding", ["CAP_DAC_OVERRIDE"])
}

# The mapping of a user namespace decides there.
test_silent_user_namespace if {
	t.silent(fail) with input as t.put(closed, "/components/4/spec/linux/namespaces/-", {"type": "user"})
}

test_edit if {
	[f.edits | some f in fail] == [[{"op": "set", "component": "files/etc/x.conf", "path": "/mode", "value": "0644"}]] with input as closed
	[f.edits | some f in fail] == [[]] with input as t.put(closed, "/files/0/secret", "private key")
	[f.edits[0].value | some f in fail] == ["0755"] with input as binds("/etc/x", [folder("/etc/x", "700"), entry("/etc/x/a", "644")])
}

test_unknown if t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	found := fail with input as closed
	allowance := [t.allowance("RUN-006", found)]
	t.silent(fail) with input as closed with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as closed with data.components as allowance
}
