package seaworthy.test.NSP_008

import data.seaworthy.outcome
import data.seaworthy.rules.NSP_008 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_all if {
	with_caps := t.put(t.nginx_caps(["CAP_SYS_ADMIN"]), "/components/4/spec/linux/namespaces", [{"type": "mount"}])
	system := t.put(with_caps, "/components/4/spec/mounts/-", {"destination": "/host", "type": "bind", "source": "/var/lib/x", "options": ["rbind", "rw"]})
	t.fires(fail, "component:services/nginx") with input as system
}

test_silent_read_only if {
	with_caps := t.put(t.nginx_caps(["CAP_SYS_ADMIN"]), "/components/4/spec/linux/namespaces", [{"type": "mount"}])
	system := t.put(with_caps, "/components/4/spec/mounts/-", {"destination": "/host", "type": "bind", "source": "/var/lib/x", "options": ["rbind", "ro"]})
	t.silent(fail) with input as system
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	with_caps := t.put(t.nginx_caps(["CAP_SYS_ADMIN"]), "/components/4/spec/linux/namespaces", [{"type": "mount"}])
	system := t.put(with_caps, "/components/4/spec/mounts/-", {"destination": "/host", "type": "bind", "source": "/var/lib/x", "options": ["rbind", "rw"]})
	system_now := system
	found := fail with input as system_now
	allowance := [t.allowance("NSP-008", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_silent_own_pid if {
	s0 := t.nginx_caps(["CAP_SYS_ADMIN"])
	t.silent(fail) with input as t.put(s0, "/components/4/spec/mounts/-", {"destination": "/host", "type": "bind", "source": "/var/lib/x", "options": ["rbind", "rw"]})
}
