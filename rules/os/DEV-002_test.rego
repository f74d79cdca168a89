package seaworthy.test.DEV_002

import data.seaworthy.outcome
import data.seaworthy.rules.DEV_002 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_mem if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/devices/-", {"path": "/dev/mem", "type": "c", "major": 1, "minor": 1})

test_fires_by_number if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/devices/-", {"path": "/dev/harmless", "type": "c", "major": 1, "minor": 4})

test_silent_null if t.silent(fail) with input as t.nginx_with("/linux/devices/-", {"path": "/dev/null", "type": "c", "major": 1, "minor": 3})

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_with("/linux/devices/-", {"path": "/dev/mem", "type": "c", "major": 1, "minor": 1})
	found := fail with input as system_now
	allowance := [t.allowance("DEV-002", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_unbuffered if t.fires(fail, "component:services/nginx") with input as t.nginx_with("/linux/devices/-", {"path": "/tmp/x", "type": "u", "major": 1, "minor": 1})

# The key is the kernel's name: an allowance for one device must not cover another
# device at the same path.
test_key_is_the_device if {
	system := t.nginx_with("/linux/devices/-", {"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 1})
	{[f.key, f.actual] | some f in fail} == {["/dev/mem", "/dev/mem as /dev/kmsg"]} with input as system
}

memory := {"/dev/mem", "/dev/kmem", "/dev/port", "/dev/kmsg", "/dev/oldmem"}

device_rule(r) := t.nginx_with("/linux/resources/devices/-", object.union({"allow": true, "access": "rwm"}, r))

keys(system) := found if {
	found := {f.key | some f in fail} with input as system
}

test_fires_rule if {
	t.fires(fail, "component:services/nginx") with input as device_rule({"type": "c", "major": 1, "minor": 11})
	keys(device_rule({"type": "u", "major": 1, "minor": 11, "access": "r"})) == {"/dev/kmsg"}
	keys(device_rule({"type": "c", "major": 1})) == memory
	keys(device_rule({"type": "c", "major": 1, "minor": -1})) == memory
	keys(device_rule({"type": "c", "minor": 4})) == {"/dev/port", "/dev/cpu/*/msr"}
}

test_silent_rule if {
	every r in [
		{"type": "c", "major": 1, "minor": 3}, {"type": "b", "major": 1, "minor": 1}, {"type": "c", "major": 4, "minor": 1},
		{"type": "c", "major": 1, "minor": 1, "access": "m"}, {"allow": false, "type": "c", "major": 1, "minor": 1},
	] {
		keys(device_rule(r)) == set()
	}
}

# DEV-001 reports rules that open every device. A node and its rule are one finding.
test_silent_rule_twice if {
	keys(device_rule({"type": "c"})) == set()
	node := t.nginx_with("/linux/devices/-", {"path": "/dev/mem", "type": "c", "major": 1, "minor": 1})
	found := fail with input as t.put(node, "/components/4/spec/linux/resources/devices/-", {"allow": true, "type": "c", "major": 1, "minor": 1, "access": "rwm"})
	count(found) == 1
}
