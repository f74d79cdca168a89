package seaworthy.test.CTD_002

import data.seaworthy.given
import data.seaworthy.outcome
import data.seaworthy.rules.CTD_002 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

keys(system) := {f.key | some f in fs} if fs := fail with input as system

file := "file:/etc/containerd/config.toml"

bad := t.containerd({"disabled": []})

test_fires if {
	count(keys(bad)) == count(given.params.containerd_disabled)
	{f.key | some f in fail; f.severity == "high"} == {"io.containerd.grpc.v1.cri"} with input as bad
	t.fires(fail, "component:init/000") with input as bad
}

test_fires_files_section if t.fires(fail, file) with input as t.containerd_file({"disabled": ["io.containerd.grpc.v1.cri"]})

test_fires_without_configuration if {
	count(keys(t.containerd_program)) == count(given.params.containerd_disabled)
	t.fires(fail, "component:init/000") with input as t.containerd_program
}

# Each version of the format has its own names.
test_names if {
	short := ["cri", "opt", "restart", "aufs", "btrfs", "devmapper", "zfs", "tracing", "otlp"]
	keys(t.containerd({"version": 1, "disabled": short})) == set()
	"io.containerd.grpc.v1.cri" in keys(t.containerd({"version": 2, "disabled": short}))
	"io.containerd.grpc.v1.cri" in keys(t.containerd({"version": 1}))
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
	allowance := [t.allowance("CTD-002", found)]
	t.silent(fail) with input as bad with data.components as allowance
	t.tells(outcome.not_applicable(rule.found), "component:init/000") with input as bad with data.components as allowance
}
