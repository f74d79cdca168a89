package seaworthy.test.USR_011

import data.seaworthy.outcome
import data.seaworthy.rules.USR_011 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_name if t.fires(fail, "component:services/nginx") with input as t.component_with("nginx", "/name", "sshd")

test_fires_sshd if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/process/args", ["/usr/sbin/sshd", "-D"])

test_fires_others if {
	every args in [
		["/bin/busybox", "telnetd", "-F"], ["/usr/sbin/in.rlogind"], ["sh", "-c", "exec ttyd -p 80 sh"], ["/bin/nc", "-lk", "-p", "1", "-e", "/bin/sh"],
		["/usr/bin/socat", "TCP-LISTEN:1,fork", "EXEC:/bin/sh"],
	] {
		found := fail with input as t.nginx_with("/process/args", args)
		t.fires(found, "component:services/nginx")
	}
}

test_silent_others if {
	every args in [["/bin/nc", "-z", "db", "1"], ["/usr/bin/socat", "TCP-LISTEN:1,fork", "TCP:db:2"], ["/usr/bin/telnetd_exporter"], ["/bin/ssh", "-e", "none", "db"]] {
		found := fail with input as t.nginx_with("/process/args", args)
		t.silent(found)
	}
}

test_silent_good if t.silent(fail) with input as t.good

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.component_with("nginx", "/name", "sshd")
	found := fail with input as system_now
	allowance := [t.allowance("USR-011", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
