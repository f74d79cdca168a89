package seaworthy.test.USR_002

import data.seaworthy.outcome
import data.seaworthy.rules.USR_002 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_all if {
	system := t.put(t.put(t.nginx_without_ns("user"), "/components/4/spec/process/user/uid", 0), "/components/4/spec/root/readonly", false)
	t.fires(fail, "component:services/nginx") with input as system
}

test_silent_readonly if {
	system := t.put(t.nginx_without_ns("user"), "/components/4/spec/process/user/uid", 0)
	t.silent(fail) with input as system
}

test_silent_userns if {
	system := t.put(t.nginx_with("/process/user/uid", 0), "/components/4/spec/root/readonly", false)
	t.silent(fail) with input as system
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system := t.put(t.put(t.nginx_without_ns("user"), "/components/4/spec/process/user/uid", 0), "/components/4/spec/root/readonly", false)
	system_now := system
	found := fail with input as system_now
	allowance := [t.allowance("USR-002", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_edit if {
	some f in rule.found with input as t.put(t.put(t.nginx_with("/process/user/uid", 0), "/components/4/spec/root/readonly", false), "/components/4/spec/linux/namespaces", [{"type": "mount"}])
	f.edits[0].value == true
}

test_fires_mapped if {
	s0 := t.put(t.nginx_with("/process/user/uid", 0), "/components/4/spec/root/readonly", false)
	t.fires(fail, "component:services/nginx") with input as t.put(s0, "/components/4/spec/linux/uidMappings", [{"containerID": 0, "hostID": 0, "size": 65536}])
}

test_fires_as_good_as_root if {
	system := t.put(t.put(t.nginx_caps(["CAP_SETUID"]), "/components/4/spec/root/readonly", false), "/components/4/spec/linux/namespaces", [])
	t.fires(fail, "component:services/nginx") with input as system
}

test_silent_another_user if {
	system := t.put(t.put(t.nginx_caps(["CAP_CHOWN"]), "/components/4/spec/root/readonly", false), "/components/4/spec/linux/namespaces", [])
	t.silent(fail) with input as system
}
