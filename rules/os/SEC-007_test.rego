package seaworthy.test.SEC_007

import data.seaworthy.outcome
import data.seaworthy.rules.SEC_007 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_not_listed if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/process/selinuxLabel", "a:b:c:s0")

test_silent_listed if {
	s0 := t.kconfigs({"CONFIG_SECURITY_SELINUX": "y", "CONFIG_LSM": "selinux"})
	t.silent(fail) with input as t.put(s0, "/components/4/spec/process/selinuxLabel", "a:b:c:s0")
}

test_silent_no_label if t.silent(fail) with input as t.good

test_unknown_no_config if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.put(t.no_config, "/components/4/spec/process/selinuxLabel", "a:b:c:s0")
	t.silent(fail) with input as t.put(t.no_config, "/components/4/spec/process/selinuxLabel", "a:b:c:s0")
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/process/selinuxLabel", "a:b:c:s0")
	found := fail with input as system_now
	allowance := [t.allowance("SEC-007", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}
