package seaworthy.test.IMG_006

import data.seaworthy.outcome
import data.seaworthy.rules.IMG_006 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_file if t.fires(fail, "component:services/nginx") with input as t.nginx_files("worldWritable", [{"path": "/x", "type": "file", "mode": "666", "uid": 0, "gid": 0}])

test_fires_dir if t.fires(fail, "component:services/nginx") with input as t.nginx_files("worldWritable", [{"path": "/d", "type": "dir", "mode": "777", "uid": 0, "gid": 0}])

test_silent_sticky if t.silent(fail) with input as t.nginx_files("worldWritable", [{"path": "/tmp", "type": "dir", "mode": "1777", "uid": 0, "gid": 0}])

test_silent_symlink if t.silent(fail) with input as t.nginx_files("worldWritable", [{"path": "/x", "type": "symlink", "mode": "777", "uid": 0, "gid": 0}])

test_silent_device if t.silent(fail) with input as t.nginx_files("worldWritable", [{"path": "/dev/null", "type": "char", "mode": "666", "uid": 0, "gid": 0}])

test_unknown_no_files if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_files
	t.silent(fail) with input as t.no_files
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_files("worldWritable", [{"path": "/x", "type": "file", "mode": "666", "uid": 0, "gid": 0}])
	found := fail with input as system_now
	allowance := [t.allowance("IMG-006", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
