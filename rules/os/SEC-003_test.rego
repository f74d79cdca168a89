package seaworthy.test.SEC_003

import data.seaworthy.outcome
import data.seaworthy.rules.SEC_003 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_bpf if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/seccomp/syscalls/-", {"names": ["bpf"], "action": "SCMP_ACT_ALLOW"})

test_silent_with_cap if {
	system := t.put(t.nginx_caps(["CAP_BPF"]), "/components/4/spec/linux/seccomp/syscalls/-", {"names": ["bpf"], "action": "SCMP_ACT_ALLOW"})
	t.silent(fail) with input as system
}

test_silent_denied if t.silent(fail) with input as t.nginx_with("/linux/seccomp/syscalls/-", {"names": ["bpf"], "action": "SCMP_ACT_ERRNO"})

test_fires_by_args if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/seccomp/syscalls/-", {"names": ["mount"], "action": "SCMP_ACT_ALLOW", "args": [{"index": 0, "value": 1, "op": "SCMP_CMP_EQ"}]})

test_fires_unguarded if {
	system := t.nginx_with("/linux/seccomp/syscalls/-", {"names": ["io_uring_setup", "read"], "action": "SCMP_ACT_ALLOW"})
	{[f.key, f.actual] | some f in fail} == {["unguarded", ["io_uring_setup"]]} with input as system
}

# CAP_SYS_ADMIN includes the capabilities that were split off it.
test_admin_excuses_its_parts if {
	system := t.put(t.nginx_caps(["CAP_SYS_ADMIN"]), "/components/4/spec/linux/seccomp/syscalls/-", {"names": ["bpf", "syslog", "mount", "kexec_load"], "action": "SCMP_ACT_ALLOW"})
	{f.key | some f in fail} == {"CAP_SYS_BOOT"} with input as system
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/linux/seccomp/syscalls/-", {"names": ["bpf"], "action": "SCMP_ACT_ALLOW"})
	found := fail with input as system_now
	allowance := [t.allowance("SEC-003", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_logged if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/seccomp/syscalls/-", {"names": ["bpf"], "action": "SCMP_ACT_LOG"})
