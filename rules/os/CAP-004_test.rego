package seaworthy.test.CAP_004

import data.seaworthy.outcome
import data.seaworthy.rules.CAP_004 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_service if t.fires(fail, "component:services/nginx") with input as t.nginx_caps(["CAP_SYS_MODULE"])

test_fires_onboot if t.fires(fail, "component:onboot/dhcp") with input as t.spec_with("dhcp", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))

test_allowed_modprobe if {
	system := t.spec_with("dhcp", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	allowance := [{"section": "onboot", "name": "dhcp", "repository": "docker.io/seaworthy/dhcp", "reason": "loads its driver", "rules": {"CAP-004": ["CAP_SYS_MODULE"]}}]
	t.silent(fail) with input as system with data.components as allowance
	t.tells(not_applicable, "component:onboot/dhcp") with input as system with data.components as allowance
}

test_allowed_by_digest if {
	system := t.spec_with("dhcp", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	allowance := [{"digest": "sha256:1111111111111111111111111111111111111111111111111111111111111111", "reason": "loads its driver", "rules": {"CAP-004": ["CAP_SYS_MODULE"]}}]
	t.silent(fail) with input as system with data.components as allowance
}

test_fires_for_namesake if {
	system := t.put(
		t.spec_with("dhcp", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"])),
		"/components/3/image/repository", "somebody/dhcp",
	)
	allowance := [{"section": "onboot", "name": "dhcp", "repository": "docker.io/seaworthy/dhcp", "reason": "loads its driver", "rules": {"CAP-004": ["CAP_SYS_MODULE"]}}]
	t.fires(fail, "component:onboot/dhcp") with input as system with data.components as allowance
}

test_silent_good if t.silent(fail) with input as t.good

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

# Root of a separate user namespace cannot load modules with this capability.
test_silent_stranger if t.silent(fail) with input as t.stranger_caps(["CAP_SYS_MODULE"])
