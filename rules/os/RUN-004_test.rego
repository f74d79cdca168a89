package seaworthy.test.RUN_004

import data.seaworthy.outcome
import data.seaworthy.rules.RUN_004 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

nginx := "component:services/nginx"

file(path, kind) := {"path": path, "type": "file", "mode": "755", "uid": 0, "gid": 0, "kind": kind}

given(list) := t.put(t.nginx_caps(["CAP_NET_RAW", "CAP_CHOWN"]), "/components/4/files/fileCaps", list)

bad := given([file("/usr/bin/x", "cap_net_raw,cap_bpf")])

test_fires if {
	t.fires(fail, nginx) with input as bad
	{f.actual | some f in fail} == {["CAP_NET_RAW"]} with input as bad
	t.fires(fail, nginx) with input as t.put(bad, "/formats/-", {"name": "tar", "attributes": true})
	every f in fail { not contains(f.message, "nor those") } with input as bad
}

test_fires_others if {
	more := given([file("/usr/bin/x", "cap_net_raw"), file("/usr/bin/ping", "cap_net_raw")])
	every f in fail { contains(f.message, "nor those of /usr/bin/ping") } with input as more
	t.fires(fail, nginx) with input as more
}

test_silent if {
	t.silent(fail) with input as t.good
	t.silent(fail) with input as t.put(bad, "/formats", [{"name": "tar", "attributes": true}])
	t.silent(fail) with input as given([file("/usr/bin/ping", "cap_net_raw")])
	t.silent(fail) with input as given([file("/usr/bin/x", "cap_bpf")])
	t.silent(fail) with input as given([file("/usr/bin/x", "unreadable")])
	t.silent(fail) with input as given([object.union(file("/usr/bin/x", "cap_net_raw"), {"shadowed": true})])
}

test_silent_process if {
	t.silent(fail) with input as t.put(bad, "/components/4/spec/process/user/uid", 0)
	t.silent(fail) with input as t.put(bad, "/components/4/spec/process/capabilities/ambient", ["CAP_NET_RAW"])
	t.silent(fail) with input as t.put(bad, "/components/4/spec/linux/namespaces", t.service_spec.linux.namespaces)
	t.silent(fail) with input as t.put(bad, "/components/4/program/format", "script")
	t.silent(fail) with input as t.put(bad, "/components/4/program/state", "unknown")
}

test_unknown_format if {
	none := t.put(bad, "/formats", [])
	t.silent(fail) with input as none
	t.tells(rule.unknown, nginx) with input as none
	count(rule.unknown) == 0 with input as t.put(t.good, "/formats", [])
}

test_unknown_files if {
	t.tells(rule.unknown, nginx) with input as t.put(given([]), "/components/4/files/truncated", true)
	t.tells(rule.unknown, nginx) with input as t.put(bad, "/components/4/files/present", false)
	count(rule.unknown) == 0 with input as t.put(bad, "/components/4/files/truncated", true)
	count(rule.unknown) == 0 with input as bad
}

test_unknown if t.tells(rule.unknown, nginx) with input as t.no_spec

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	found := fail with input as bad
	allowance := [t.allowance("RUN-004", found)]
	t.silent(fail) with input as bad with data.components as allowance
	t.tells(not_applicable, nginx) with input as bad with data.components as allowance
}
