package seaworthy.test.IMG_010

import data.seaworthy.outcome
import data.seaworthy.rules.IMG_010 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_apt if t.fires(fail, "component:services/nginx") with input as t.nginx_files("tools", [{"path": "/usr/bin/apt", "type": "file", "mode": "644", "uid": 0, "gid": 0, "kind": "package manager"}])

test_silent_other if t.silent(fail) with input as t.nginx_files("tools", [{"path": "/usr/bin/gcc", "type": "file", "mode": "644", "uid": 0, "gid": 0, "kind": "compiler"}])

test_unknown_no_files if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_files
	t.silent(fail) with input as t.no_files
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_files("tools", [{"path": "/usr/bin/apt", "type": "file", "mode": "644", "uid": 0, "gid": 0, "kind": "package manager"}])
	found := fail with input as system_now
	allowance := [t.allowance("IMG-010", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
