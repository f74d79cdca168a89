package seaworthy.test.USR_006

import data.seaworthy.rules.USR_006 as rule
import data.seaworthy.testing as t

test_fires_one if t.fires(rule.fail, "component:services/nginx") with input as t.nginx_files("emptyPasswords", ["root"])

test_silent_null if t.silent(rule.fail) with input as t.nginx_files("emptyPasswords", null)

test_unknown_no_files if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_files
	t.silent(rule.fail) with input as t.no_files
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_files("emptyPasswords", ["root"])
	found := rule.fail with input as system_now
	allowance := [t.allowance("USR-006", found)]
	t.silent(rule.fail) with input as system_now with data.components as allowance
	t.tells(rule.not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

written(logins) := t.put(t.good, "/files", [{
	"path": "/etc/getty.shadow", "type": "file", "mode": "600", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "", "size": 1,
	"digest": "", "secret": "", "origin": t.origin, "logins": logins,
}])

test_fires_files_section if {
	t.fires(rule.fail, "file:/etc/getty.shadow") with input as written({"emptyPasswords": ["root"], "sshd": null, "sshdMatch": [], "partial": false})
}

test_silent_files_section if {
	system := written({"emptyPasswords": [], "sshd": null, "sshdMatch": [], "partial": false})
	t.silent(rule.fail) with input as system
	"file:/etc/getty.shadow" in rule.checked with input as system
	t.silent(rule.fail) with input as written(null)
	not "file:/etc/getty.shadow" in rule.checked with input as written(null)
}
