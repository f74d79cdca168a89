package seaworthy.test.NSP_005

import data.seaworthy.outcome
import data.seaworthy.rules.NSP_005 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_host if t.fires(fail, "component:services/nginx") with input as t.nginx_without_ns("user")

test_silent_own if t.silent(fail) with input as t.good

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_without_ns("user")
	found := fail with input as system_now
	allowance := [t.allowance("NSP-005", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_mapped if {
	system := t.nginx_with("/linux/uidMappings", null)
	t.fires(fail, "component:services/nginx") with input as system
	{f.actual | some f in fail} == {"a namespace that maps the host's root"} with input as system
}

# The kernel cannot create user namespaces, in either way.
without_users(system) := [
	t.put(system, "/kernel/config/options/CONFIG_USER_NS", "n"),
	t.put(system, "/sysctl/settings/-", {"key": "user.max_user_namespaces", "value": "0", "component": "onboot/sysctl", "source": "/etc/sysctl.d/99.conf", "order": 99}),
]

test_other_user_without_user_namespaces if {
	every system in without_users(t.nginx_without_ns("user")) {
		t.silent(fail) with input as system
		t.tells(rule.not_applicable, "component:services/nginx") with input as system
		not "component:services/nginx" in rule.checked with input as system
	}
}

test_root_without_user_namespaces if {
	root := t.put(t.put(t.nginx_without_ns("user"), "/components/4/spec/process/user/uid", 0), "/components/4/spec/process/args", ["/bin/web"])
	every system in without_users(root) {
		t.fires(fail, "component:services/nginx") with input as system
		{f.actual | some f in fail} == {"root"} with input as system
		{e.path | some f in fail; some e in f.edits; e.path in {"/userns", "/uid"}} == {"/uid"} with input as system
		count(rule.not_applicable) == 0 with input as system
	}
}

test_becomes_root_without_user_namespaces if {
	setuid := t.put(t.put(t.host_users(t.nginx_caps(["CAP_SETUID"])), "/components/4/entry", {"capabilities": ["CAP_SETUID"]}), "/components/4/spec/process/args", ["/bin/web"])
	every system in without_users(setuid) {
		t.fires(fail, "component:services/nginx") with input as system
		{f.actual | some f in fail} == {"uid 100 with CAP_SETUID"} with input as system
		{e.path | some f in fail; some e in f.edits} == {"/capabilities"} with input as system
	}
}

# JNT-008 reports a user namespace that the kernel cannot create.
test_silent_own_without_user_namespaces if {
	every uid in [0, 100] {
		every system in without_users(t.nginx_with("/process/user/uid", uid)) {
			t.silent(fail) with input as system
			count(rule.not_applicable) == 0 with input as system
		}
	}
}

# On a kernel with user namespaces, each service is judged once, whatever its user is.
test_once_with_user_namespaces if {
	every uid in [0, 100] {
		system := t.put(t.nginx_without_ns("user"), "/components/4/spec/process/user/uid", uid)
		{f.expected | some f in fail} == {"its own namespace"} with input as system
		"component:services/nginx" in rule.checked with input as system
	}
}

# An unknown configuration excuses no service.
test_fires_config_unknown if {
	system := t.put(t.nginx_without_ns("user"), "/kernel/config/present", false)
	t.fires(fail, "component:services/nginx") with input as system
}
