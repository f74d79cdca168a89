package seaworthy.test.DEV_004

import data.seaworthy.rules.DEV_004 as rule
import data.seaworthy.testing as t

test_fires_host_net if {
	system := t.put(t.nginx_without_ns("network"), "/components/4/spec/linux/devices/-", {"path": "/dev/sda", "type": "b", "major": 8, "minor": 0})
	t.fires(rule.fail, "component:services/nginx") with input as system
}

test_fires_ports if {
	system := t.put(t.nginx_with("/linux/devices/-", {"path": "/dev/sda", "type": "b", "major": 8, "minor": 0}), "/components/4/image/exposedPorts", ["80/tcp"])
	t.fires(rule.fail, "component:services/nginx") with input as system
}

test_silent_no_net if t.silent(rule.fail) with input as t.nginx_with("/linux/devices/-", {"path": "/dev/sda", "type": "b", "major": 8, "minor": 0})

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(rule.fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system := t.put(t.nginx_without_ns("network"), "/components/4/spec/linux/devices/-", {"path": "/dev/sda", "type": "b", "major": 8, "minor": 0})
	system_now := system
	found := rule.fail with input as system_now
	allowance := [t.allowance("DEV-004", found)]
	t.silent(rule.fail) with input as system_now with data.components as allowance
	t.tells(rule.not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_joined if {
	system := t.put(t.nginx_with("/linux/devices/-", {"path": "/dev/vda", "type": "b", "major": 253, "minor": 0}), "/components/4/spec/linux/namespaces/4", {"type": "network", "path": "/run/netns/x"})
	joined := json.patch(system, [{"op": "remove", "path": "/components/4/spec/linux/namespaces/5"}])
	t.fires(rule.fail, "component:services/nginx") with input as joined
}

test_fires_moved_in if {
	system := t.put(t.nginx_with("/linux/devices/-", {"path": "/dev/vda", "type": "b", "major": 253, "minor": 0}), "/components/4/runtime", {"interfaces": [{"name": "eth0"}]})
	t.fires(rule.fail, "component:services/nginx") with input as system
}
