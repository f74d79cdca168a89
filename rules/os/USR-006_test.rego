package seaworthy.test.USR_006

import data.seaworthy.outcome
import data.seaworthy.rules.USR_006 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_one if t.fires(fail, "component:services/nginx") with input as t.nginx_files("emptyPasswords", ["root"])

test_silent_null if t.silent(fail) with input as t.nginx_files("emptyPasswords", null)

test_unknown_no_files if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_files
	t.silent(fail) with input as t.no_files
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_files("emptyPasswords", ["root"])
	found := fail with input as system_now
	allowance := [t.allowance("USR-006", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

written(logins) := t.put(t.good, "/files", [{
	"path": "/etc/getty.shadow", "type": "file", "mode": "600", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "", "size": 1,
	"digest": "", "secret": "", "origin": t.origin, "logins": logins,
}])

accounts(those) := object.union({"emptyPasswords": [], "knownPasswords": [], "untriedPasswords": [], "sshd": null, "sshdMatch": [], "partial": false}, those)

test_fires_files_section if {
	t.fires(fail, "file:/etc/getty.shadow") with input as written(accounts({"emptyPasswords": ["root"]}))
}

test_silent_files_section if {
	system := written(accounts({}))
	t.silent(fail) with input as system
	"file:/etc/getty.shadow" in rule.checked with input as system
	t.silent(fail) with input as written(null)
	not "file:/etc/getty.shadow" in rule.checked with input as written(null)
}

test_fires_known if {
	some f in fail with input as t.nginx_files("knownPasswords", ["pi"])
	f.message == "account pi of services/nginx has a well-known password"
	some g in fail with input as written(accounts({"knownPasswords": ["pi"]}))
	g.message == "account pi of /etc/getty.shadow has a well-known password"
	some h in fail with input as t.nginx_files("emptyPasswords", ["root"])
	h.message == "account root of services/nginx has an empty password"
}

test_unknown_untried if {
	some u in rule.unknown with input as t.nginx_files("untriedPasswords", ["ann", "bob"])
	u.resource == "component:services/nginx"
	contains(u.reason, "ann, bob")
	t.tells(rule.unknown, "file:/etc/getty.shadow") with input as written(accounts({"untriedPasswords": ["ann"]}))
	count(rule.unknown) == 0 with input as written(accounts({}))
}

test_fires_pam if t.fires(fail, "component:services/nginx") with input as t.nginx_files("openLogins", ["/etc/pam.d/login"])

# The host's init reads /etc/inittab of an init image.
inittab(section, line) := {f.key | some f in fs} if {
	fs := fail with input as json.patch(t.nginx_files("inittab", [line]), [{"op": "add", "path": "/components/4/section", "value": section}])
}

test_fires_inittab if {
	every line in ["/bin/sh", "/bin/ash -l", "/sbin/getty -n -l /bin/sh 115200 ttyS0", "setsid cttyhack sh", "/bin/login -f root", "/sbin/agetty --autologin root ttyS0"] {
		inittab("init", line) == {sprintf("inittab: %s", [line])}
	}
}

test_silent_inittab if {
	every line in ["/bin/sh /etc/init.d/rcS", "/bin/sh -c reboot", "/sbin/getty 115200 ttyS0", "/sbin/reboot", "/bin/login"] {
		inittab("init", line) == set()
	}
	inittab("services", "/bin/sh") == set()
}
