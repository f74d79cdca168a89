package seaworthy.test.IMG_004

import data.seaworthy.given
import data.seaworthy.outcome
import data.seaworthy.rules.IMG_004 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_setuid if t.fires(fail, "component:services/nginx") with input as t.nginx_files("setid", [{"path": "/usr/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0}])

test_silent_dir if t.silent(fail) with input as t.nginx_files("setid", [{"path": "/var/mail", "type": "dir", "mode": "2775", "uid": 0, "gid": 0}])

test_silent_shadowed if t.silent(fail) with input as t.nginx_files("setid", [{"path": "/usr/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0, "shadowed": true}])

test_silent_allowed if {
	allowed := object.union(given.params, {"setid_allowed": ["/usr/bin/su"]})
	t.silent(fail) with input as t.nginx_files("setid", [{"path": "/usr/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0}]) with data.params as allowed
}

test_unknown_no_files if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_files
	t.silent(fail) with input as t.no_files
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_files("setid", [{"path": "/usr/bin/su", "type": "file", "mode": "4755", "uid": 0, "gid": 0}])
	found := fail with input as system_now
	allowance := [t.allowance("IMG-004", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
