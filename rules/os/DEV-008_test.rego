package seaworthy.test.DEV_008

import data.seaworthy.outcome
import data.seaworthy.rules.DEV_008 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

node(type, major, minor) := t.nginx_with("/linux/devices/-", {"path": "/dev/x", "type": type, "major": major, "minor": minor})

test_fires if t.fires(fail, "component:services/nginx") with input as node("c", 10, 196)

test_fires_unknown if {
	t.fires(fail, "component:services/nginx") with input as node("c", 250, 3)
	{f.key | some f in fail} == {"character device 250:3"} with input as node("c", 250, 3)
}

# DEV-004 reports an unknown device of a network service.
test_silent_unknown_on_the_network if {
	t.silent(fail) with input as t.put(t.nginx_without_ns("network"), "/components/4/spec/linux/devices/-", {"path": "/dev/x", "type": "c", "major": 250})
	t.fires(fail, "component:services/nginx") with input as t.put(t.nginx_without_ns("network"), "/components/4/spec/linux/devices/-", {"path": "/dev/x", "type": "c", "major": 189})
}

test_fires_onboot if t.fires(fail, "component:onboot/dhcp") with input as t.spec_with("dhcp", "/linux/devices/-", {"path": "/dev/x", "type": "c", "major": 250})

test_fires_rule if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/resources/devices/-", {"allow": true, "type": "c", "major": 189, "access": "rw"})

test_silent if {
	every d in [["c", 10, 200], ["c", 1, 3], ["c", 10, 232], ["b", 8, 0], ["c", 188, 0], ["p", 0, 0]] {
		found := fail with input as node(d[0], d[1], d[2])
		t.silent(found)
	}
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	found := fail with input as node("c", 10, 196)
	allowance := [t.allowance("DEV-008", found)]
	t.silent(fail) with input as node("c", 10, 196) with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as node("c", 10, 196) with data.components as allowance
}
