package seaworthy.test.SEC_009

import data.seaworthy.outcome
import data.seaworthy.rules.SEC_009 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_filter if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/annotations", {"run.oci.seccomp_bpf_data": "BgAAAAAA/38="})

test_fires_library if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/annotations", {"run.oci.seccomp.plugins": "/var/x.so"})

test_silent_others if t.silent(fail) with input as t.nginx_with("/annotations", {"seaworthy.restart": "never", "run.oci.seccomp_fail_unknown_syscall": "1", "org.example.run.oci.x": "1"})

test_silent_none if t.silent(fail) with input as t.nginx_with("/annotations", null)

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/annotations", {"run.oci.handler": "wasm"})
	found := fail with input as system_now
	allowance := [t.allowance("SEC-009", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
