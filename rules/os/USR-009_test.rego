package seaworthy.test.USR_009

import data.seaworthy.outcome
import data.seaworthy.rules.USR_009 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_getty if {
	system := t.put(t.nginx_with("/process/env/-", "INSECURE=true"), "/components/4/name", "getty")
	t.fires(fail, "component:services/nginx") with input as system
}

test_fires_by_args if {
	system := t.put(t.nginx_with("/process/env/-", "INSECURE=true"), "/components/4/spec/process/args", ["/sbin/agetty"])
	t.fires(fail, "component:services/nginx") with input as system
}

test_silent_secure if {
	system := t.component_with("nginx", "/name", "getty")
	t.silent(fail) with input as system
}

test_silent_not_getty if t.silent(fail) with input as t.nginx_with("/process/env/-", "INSECURE=true")

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system := t.put(t.nginx_with("/process/env/-", "INSECURE=true"), "/components/4/name", "getty")
	system_now := system
	found := fail with input as system_now
	allowance := [t.allowance("USR-009", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_twice if t.fires(fail, "component:services/nginx") with input as t.put(t.nginx_with("/process/args", ["/usr/bin/rungetty.sh"]), "/components/4/spec/process/env", ["INSECURE=false", "INSECURE=True"])

runs(words) := t.nginx_with("/process/args", words)

test_fires_without_login if {
	every words in [
		["/sbin/getty", "-n", "-l", "/bin/sh", "115200", "console"], ["/bin/busybox", "getty", "-Ln", "ttyS0"],
		["/sbin/agetty", "--autologin", "root", "ttyS0"], ["/sbin/agetty", "-a", "root"], ["/sbin/agetty", "--skip-login"],
		["sh", "-c", "exec /sbin/getty -L -l /bin/ash ttyS0"], ["getty", "--login-program", "/bin/bash"],
	] {
		found := fail with input as runs(words)
		t.fires(found, "component:services/nginx")
	}
	{f.actual | some f in fail} == {"-l /bin/ash"} with input as runs(["sh", "-c", "exec /sbin/getty -L -l /bin/ash ttyS0"])
}

test_silent_with_login if {
	every words in [
		["/sbin/getty", "-L", "115200", "ttyS0"], ["/sbin/getty", "-l", "/usr/bin/login"], ["/usr/bin/nginx", "-n", "-a"],
		["/sbin/agetty", "--noclear", "--autologout"], ["/sbin/getty", "-l"],
	] {
		found := fail with input as runs(words)
		t.silent(found)
	}
}

test_fires_shell if {
	every args in [["sh", "-c", "exec sh -i </dev/ttyS0 >/dev/ttyS0 2>&1"], ["sh", "-c", "setsid bash < /dev/console"]] {
		found := fail with input as t.nginx_with("/process/args", args)
		t.fires(found, "component:services/nginx")
	}
}

test_silent_reader if t.silent(fail) with input as t.nginx_with("/process/args", ["sh", "-c", "exec gpsd </dev/ttyS0"])
