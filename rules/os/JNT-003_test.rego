package seaworthy.test.JNT_003

import data.seaworthy.outcome
import data.seaworthy.rules.JNT_003 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires if {
	s0 := t.put(t.sysctl_unset("kernel.io_uring_disabled"), "/kernel/config/options/CONFIG_IO_URING", "y")
	t.fires(fail, "component:services/nginx") with input as t.drop(s0, "/components/4/spec/linux/seccomp")
}

test_silent_sysctl if {
	s0 := t.put(t.sysctl("kernel.io_uring_disabled", "2"), "/kernel/config/options/CONFIG_IO_URING", "y")
	t.silent(fail) with input as t.drop(s0, "/components/4/spec/linux/seccomp")
}

test_silent_not_built if {
	s0 := t.put(t.sysctl_unset("kernel.io_uring_disabled"), "/kernel/config/options/CONFIG_IO_URING", "n")
	t.silent(fail) with input as t.drop(s0, "/components/4/spec/linux/seccomp")
}

test_silent_filtered if t.silent(fail) with input as t.put(t.sysctl_unset("kernel.io_uring_disabled"), "/kernel/config/options/CONFIG_IO_URING", "y")

test_unknown_no_config if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.drop(t.no_config, "/components/4/spec/linux/seccomp")
	t.silent(fail) with input as t.drop(t.no_config, "/components/4/spec/linux/seccomp")
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	s0 := t.put(t.sysctl_unset("kernel.io_uring_disabled"), "/kernel/config/options/CONFIG_IO_URING", "y")
	system_now := t.drop(s0, "/components/4/spec/linux/seccomp")
	found := fail with input as system_now
	allowance := [t.allowance("JNT-003", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_let_through if {
	s0 := t.put(t.sysctl_unset("kernel.io_uring_disabled"), "/kernel/config/options/CONFIG_IO_URING", "y")
	t.fires(fail, "component:services/nginx") with input as t.put(s0, "/components/4/spec/linux/seccomp/syscalls/-", {"names": ["io_uring_setup"], "action": "SCMP_ACT_ALLOW"})
}

# The value 1 permits io_uring to processes with CAP_SYS_ADMIN and to a group.
test_group if {
	one := t.put(t.put(t.sysctl("kernel.io_uring_disabled", "0x1"), "/kernel/config/options/CONFIG_IO_URING", "y"), "/components/4/spec/linux/seccomp", null)
	t.silent(fail) with input as one
	t.fires(fail, "component:services/nginx") with input as t.put(one, "/sysctl/settings/-", {"key": "kernel.io_uring_group", "value": "100", "component": "onboot/sysctl", "source": "/etc/sysctl.d/99.conf", "order": 1001})
	t.fires(fail, "component:services/nginx") with input as t.with_caps(t.host_users(one), ["CAP_SYS_ADMIN"])
}

# The sysctl exists since Linux 6.6.
test_old_kernel if {
	set := t.put(t.put(t.sysctl("kernel.io_uring_disabled", "2"), "/kernel/config/options/CONFIG_IO_URING", "y"), "/components/4/spec/linux/seccomp", null)
	t.fires(fail, "component:services/nginx") with input as t.put(set, "/kernel/version", "6.1.100")
}
