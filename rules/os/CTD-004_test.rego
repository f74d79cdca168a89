package seaworthy.test.CTD_004

import data.seaworthy.outcome
import data.seaworthy.rules.CTD_004 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

keys(system) := {f.key | some f in fs} if fs := fail with input as system

file := "file:/etc/containerd/config.toml"

bad := t.containerd({"outside": [{"key": "imports", "value": "/etc/a.toml"}, {"key": "proxy_plugins.x", "value": "/run/x.sock"}]})

test_fires if {
	keys(bad) == {"imports (/etc/a.toml)", "proxy_plugins.x"}
	t.fires(fail, "component:init/000") with input as bad
}

test_fires_files_section if t.fires(fail, file) with input as t.containerd_file({"outside": [{"key": "plugin_dir", "value": "/opt/x"}]})

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
	allowance := [t.allowance("CTD-004", found)]
	t.silent(fail) with input as bad with data.components as allowance
	t.tells(outcome.not_applicable(rule.found), "component:init/000") with input as bad with data.components as allowance
}
