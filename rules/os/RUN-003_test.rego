package seaworthy.test.RUN_003

import data.seaworthy.outcome
import data.seaworthy.rules.RUN_003 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

idle := t.nginx_caps(["CAP_CHOWN"])

open := t.put(idle, "/components/4/spec/process/noNewPrivileges", false)

test_fires if {
	t.fires(fail, "component:services/nginx") with input as idle
	t.fires(fail, "component:services/nginx") with input as open
	{f.actual | some f in fail} == {["CAP_CHOWN"]} with input as t.put(t.nginx_caps(["CAP_CHOWN", "CAP_KILL"]), "/components/4/spec/process/capabilities/ambient", ["CAP_KILL"])
}

test_silent if {
	t.silent(fail) with input as t.good
	t.silent(fail) with input as t.put(idle, "/components/4/spec/process/user/uid", 0)
	t.silent(fail) with input as t.put(idle, "/components/4/spec/process/capabilities/ambient", ["CAP_CHOWN"])
}

# A file may give the capability, unless noNewPrivileges is set.
test_silent_files if {
	every kind in ["fileCaps", "setid"] {
		file := [{"path": "/bin/ping", "type": "file", "mode": "755", "uid": 0, "gid": 0}]
		t.silent(fail) with input as t.put(open, sprintf("/components/4/files/%s", [kind]), file)
		t.fires(fail, "component:services/nginx") with input as t.put(idle, sprintf("/components/4/files/%s", [kind]), file)
	}
}

pinging(names) := t.put(
	t.put(t.nginx_caps(names), "/components/4/spec/process/noNewPrivileges", false),
	"/components/4/files/fileCaps", [{"path": "/bin/ping", "type": "file", "mode": "755", "uid": 0, "gid": 0, "kind": "cap_kill,cap_net_raw"}],
)

# A file gives only the capabilities that it has.
test_fires_beside_files if {
	{f.actual | some f in fail} == {["CAP_CHOWN"]} with input as pinging(["CAP_CHOWN", "CAP_NET_RAW"])
	t.silent(fail) with input as pinging(["CAP_NET_RAW"])
}

test_silent_unseen if {
	cut := t.put(open, "/components/4/files/truncated", true)
	t.silent(fail) with input as cut
	t.tells(rule.unknown, "component:services/nginx") with input as cut
	bind := {"destination": "/x", "type": "bind", "source": "/var/x", "options": ["bind"]}
	t.silent(fail) with input as t.put(open, "/components/4/spec/mounts/-", bind)
}

test_unknown if t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	found := fail with input as idle
	allowance := [t.allowance("RUN-003", found)]
	t.silent(fail) with input as idle with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as idle with data.components as allowance
}
