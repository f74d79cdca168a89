package seaworthy.test.CTD_003

import data.seaworthy.outcome
import data.seaworthy.rules.CTD_003 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

keys(system) := {f.key | some f in fs} if fs := fail with input as system

file := "file:/etc/containerd/config.toml"

bad := t.containerd({"owners": [{"key": "grpc.gid", "value": "100"}]})

test_fires if {
	keys(bad) == {"grpc.gid"}
	t.fires(fail, "component:init/000") with input as bad
}

test_fires_files_section if t.fires(fail, file) with input as t.containerd_file({"owners": [{"key": "debug.uid", "value": "1000"}]})

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
	allowance := [t.allowance("CTD-003", found)]
	t.silent(fail) with input as bad with data.components as allowance
	t.tells(outcome.not_applicable(rule.found), "component:init/000") with input as bad with data.components as allowance
}
