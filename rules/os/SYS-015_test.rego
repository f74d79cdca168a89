package seaworthy.test.SYS_015

import data.seaworthy.outcome
import data.seaworthy.rules.SYS_015 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_kernel if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/sysctl", {"kernel.kptr_restrict": "0"})

test_fires_host_net if {
	system := t.put(t.nginx_without_ns("network"), "/components/4/spec/linux/sysctl", {"net.ipv4.ip_forward": "1"})
	t.fires(fail, "component:services/nginx") with input as system
}

test_silent_own_net if t.silent(fail) with input as t.nginx_with("/linux/sysctl", {"net.ipv4.ip_forward": "1"})

test_silent_own_ipc if t.silent(fail) with input as t.nginx_with("/linux/sysctl", {"kernel.shmmax": "1", "fs.mqueue.msg_max": "1"})

test_silent_safe if t.silent(fail) with input as t.nginx_with("/linux/sysctl", {"net.ipv4.tcp_syncookies": "1"})

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/linux/sysctl", {"kernel.kptr_restrict": "0"})
	found := fail with input as system_now
	allowance := [t.allowance("SYS-015", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_onboot if t.fires(fail, "component:onboot/dhcp") with input as t.spec_with("dhcp", "/linux/sysctl", {"kernel.kptr_restrict": "2"})

test_own_domain if {
	names := {"kernel.domainname": "x"}
	t.silent(fail) with input as t.nginx_with("/linux/sysctl", names)
	t.fires(fail, "component:services/nginx") with input as t.put(t.nginx_without_ns("uts"), "/components/4/spec/linux/sysctl", names)
}
