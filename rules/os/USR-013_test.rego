package seaworthy.test.USR_013

import data.seaworthy.outcome
import data.seaworthy.rules.USR_013 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_one if t.fires(fail, "component:services/nginx") with input as t.nginx_files("authorizedKeys", ["/root/.ssh/authorized_keys"])

test_silent_null if t.silent(fail) with input as t.nginx_files("authorizedKeys", null)

test_unknown_no_files if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_files
	t.silent(fail) with input as t.no_files
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_files("authorizedKeys", ["/root/.ssh/authorized_keys"])
	found := fail with input as system_now
	allowance := [t.allowance("USR-013", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

written(path, type) := t.put(t.good, "/files", [{
	"path": path, "type": type, "mode": "600", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "", "size": 1,
	"digest": "", "secret": "", "origin": t.origin, "logins": null,
}])

test_fires_files_section if {
	t.fires(fail, "file:/root/.ssh/authorized_keys") with input as written("/root/.ssh/authorized_keys", "file")
	t.fires(fail, "file:/root/.ssh/authorized_keys2") with input as written("/root/.ssh/authorized_keys2", "symlink")
	"file:/root/.ssh/authorized_keys" in rule.checked with input as written("/root/.ssh/authorized_keys", "file")
}

# An empty file has no keys. The size of a link is not that of its target.
test_silent_empty if {
	empty := t.put(written("/home/a/.ssh/authorized_keys", "file"), "/files/0/size", 0)
	t.silent(fail) with input as empty
	link := t.put(written("/home/a/.ssh/authorized_keys", "symlink"), "/files/0/size", 0)
	t.fires(fail, "file:/home/a/.ssh/authorized_keys") with input as link
	metadata := t.put(empty, "/files/0/metadata", "yaml")
	t.fires(fail, "file:/home/a/.ssh/authorized_keys") with input as metadata
}

test_silent_files_section if {
	t.silent(fail) with input as written("/root/.ssh/authorized_keys", "dir")
	t.silent(fail) with input as written("/root/.ssh/authorized_keys.txt", "file")
}
