package seaworthy.test.IMG_005

import data.seaworthy.rules.IMG_005 as rule
import data.seaworthy.testing as t

pings := t.nginx_files("fileCaps", [{"path": "/usr/bin/ping", "type": "file", "mode": "755", "uid": 0, "gid": 0}])

in_tar := t.put(pings, "/formats", [{"name": "kernel+initrd", "attributes": false}, {"name": "tar", "attributes": true}])

test_fires_caps if {
	t.fires(rule.fail, "component:services/nginx") with input as in_tar
	t.fires(rule.fail, "component:services/nginx") with input as t.put(pings, "/formats", [])
}

test_not_applicable_format if {
	t.silent(rule.fail) with input as pings
	t.tells(rule.not_applicable, "component:services/nginx") with input as pings
}

test_silent_shadowed if t.silent(rule.fail) with input as t.nginx_files("fileCaps", [{"path": "/x", "type": "file", "mode": "644", "uid": 0, "gid": 0, "shadowed": true}])

test_unknown_no_files if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_files
	t.silent(rule.fail) with input as t.no_files
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := in_tar
	found := rule.fail with input as system_now
	allowance := [t.allowance("IMG-005", found)]
	t.silent(rule.fail) with input as system_now with data.components as allowance
	t.tells(rule.not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
