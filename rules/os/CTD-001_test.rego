package seaworthy.test.CTD_001

import data.seaworthy.outcome
import data.seaworthy.rules.CTD_001 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

keys(system) := {f.key | some f in fs} if fs := fail with input as system

file := "file:/etc/containerd/config.toml"

bad := t.containerd({"servers": [{"kind": "grpc.tcp_address", "address": "0.0.0.0:2375"}, {"kind": "metrics.address", "address": ":1338"}]})

test_fires if {
	keys(bad) == {"grpc.tcp_address", "metrics.address"}
	{f.severity | some f in fail} == {"critical", "medium"} with input as bad
	t.fires(fail, "component:init/000") with input as bad
}

test_fires_files_section if t.fires(fail, file) with input as t.containerd_file({"servers": [{"kind": "debug.address", "address": "/run/debug.sock"}]})

test_own_socket if {
	keys(t.containerd({"servers": [{"kind": "ttrpc.address", "address": "/run/containerd/containerd.sock.ttrpc"}]})) == set()
	keys(t.containerd({"servers": [{"kind": "ttrpc.address", "address": "/run/x.sock"}]})) == {"ttrpc.address"}
	keys(t.containerd({"servers": [{"kind": "debug.address", "address": "/run/containerd/containerd.sock.ttrpc"}]})) == {"debug.address"}
}

test_silent if {
	t.silent(fail) with input as t.good
	t.silent(fail) with input as t.containerd({})
	t.silent(rule.unknown) with input as t.containerd({})
}

test_unknown if t.tells(rule.unknown, "component:init/000") with input as t.containerd({"error": "line 1: no"})

test_checked if {
	"component:init/000" in rule.checked with input as t.containerd({})
	file in rule.checked with input as t.containerd_file({})
}

test_allowed if {
	found := fail with input as bad
	allowance := [t.allowance("CTD-001", found)]
	t.silent(fail) with input as bad with data.components as allowance
	t.tells(outcome.not_applicable(rule.found), "component:init/000") with input as bad with data.components as allowance
}
