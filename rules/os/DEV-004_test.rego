package seaworthy.test.DEV_004

import data.seaworthy.outcome
import data.seaworthy.rules.DEV_004 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_host_net if {
	system := t.put(t.nginx_without_ns("network"), "/components/4/spec/linux/devices/-", {"path": "/dev/sda", "type": "b", "major": 8, "minor": 0})
	t.fires(fail, "component:services/nginx") with input as system
}

test_fires_ports if {
	system := t.put(t.nginx_with("/linux/devices/-", {"path": "/dev/sda", "type": "b", "major": 8, "minor": 0}), "/components/4/image/exposedPorts", ["80/tcp"])
	t.fires(fail, "component:services/nginx") with input as system
}

test_silent_no_net if t.silent(fail) with input as t.nginx_with("/linux/devices/-", {"path": "/dev/sda", "type": "b", "major": 8, "minor": 0})

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system := t.put(t.nginx_without_ns("network"), "/components/4/spec/linux/devices/-", {"path": "/dev/sda", "type": "b", "major": 8, "minor": 0})
	system_now := system
	found := fail with input as system_now
	allowance := [t.allowance("DEV-004", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_joined if {
	system := t.put(t.nginx_with("/linux/devices/-", {"path": "/dev/vda", "type": "b", "major": 253, "minor": 0}), "/components/4/spec/linux/namespaces/4", {"type": "network", "path": "/run/netns/x"})
	joined := json.patch(system, [{"op": "remove", "path": "/components/4/spec/linux/namespaces/5"}])
	t.fires(fail, "component:services/nginx") with input as joined
}

test_fires_moved_in if {
	system := t.put(t.nginx_with("/linux/devices/-", {"path": "/dev/vda", "type": "b", "major": 253, "minor": 0}), "/components/4/runtime", {"interfaces": [{"name": "eth0"}]})
	t.fires(fail, "component:services/nginx") with input as system
}

disk_rule(r) := t.put(t.nginx_without_ns("network"), "/components/4/spec/linux/resources/devices/-", object.union({"allow": true, "type": "b", "access": "rw"}, r))

keys(system) := found if {
	found := {f.key | some f in fail} with input as system
}

test_fires_rule if {
	t.fires(fail, "component:services/nginx") with input as disk_rule({"major": 8})
	keys(disk_rule({"major": 8})) == {"block device 8:*"}
	keys(disk_rule({"major": 8, "minor": 1, "access": "r"})) == {"block device 8:1"}
	keys(disk_rule({"minor": 1})) == {"block device *:1"}
	keys(disk_rule({"major": 21, "type": "c"})) == {"/dev/sg*"}
}

test_silent_rule if {
	keys(disk_rule({})) == set()
	keys(disk_rule({"major": 8, "access": "m"})) == set()
	keys(disk_rule({"major": 4, "type": "c"})) == set()
	keys(disk_rule({"major": 8, "allow": false})) == set()
}

# A node and its rule are one finding.
test_node_and_its_rule if {
	node := {"path": "/dev/sda", "type": "b", "major": 8, "minor": 0}
	keys(t.put(disk_rule({"major": 8, "minor": 0}), "/components/4/spec/linux/devices/-", node)) == {"/dev/sda"}
}

test_fires_generic if {
	t.fires(fail, "component:services/nginx") with input as node({"path": "/dev/x", "type": "c", "major": 21})
	{[f.key, f.severity] | some f in fail} == {["/dev/bsg/0:0:0:0", "medium"]} with input as node({"path": "/dev/bsg/0:0:0:0", "type": "c", "major": 250, "minor": 0})
}

test_silent_other if t.silent(fail) with input as node({"path": "/dev/sda", "type": "c", "major": 10, "minor": 232})

node(d) := t.put(t.nginx_without_ns("network"), "/components/4/spec/linux/devices/-", d)
