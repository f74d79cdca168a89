package seaworthy.test.devices

import data.seaworthy.given
import data.seaworthy.lib

kind(type, major, minor) := lib.device_kind({"path": "/dev/x", "type": type, "major": major, "minor": minor})

test_kind if {
	kind("u", 1, 1).name == "/dev/mem"
	kind("c", 10, 232).name == "/dev/kvm"
	kind("c", 1, 3).class == "usual"
	kind("c", 21, 7) == {"type": "c", "major": 21, "name": "/dev/sg*", "class": "disk"}
	kind("c", 4, 64).class == "terminal"
	not lib.device_kind({"path": "/dev/mem", "type": "p", "major": 1, "minor": 1})
}

# A number that is 0 is left out.
test_kind_zero if {
	lib.device_kind({"path": "/dev/sg0", "type": "c", "major": 21}).class == "disk"
	lib.device_kind({"path": "/dev/tty", "type": "c", "major": 5}).class == "usual"
}

test_kind_unlisted if {
	kind("b", 1, 1) == {"name": "block device 1:1", "class": "disk"}
	kind("c", 253, 0) == {"name": "character device 253:0", "class": "unknown"}
	kind("c", 10, 61) == {"name": "character device 10:61", "class": "unknown"}
}

spec(devices, rules) := {"spec": {"linux": {"devices": devices, "resources": {"devices": rules}}}}

test_nodes_of if {
	c := spec(
		[
			{"path": "/dev/kmsg", "type": "c", "major": 1, "minor": 1}, {"path": "/dev/null", "type": "c", "major": 1, "minor": 3},
			{"path": "/dev/mem", "type": "u", "major": 1, "minor": 1}, {"path": "/dev/kvm", "type": "c", "major": 10, "minor": 232}, {"path": "/x", "type": "p"},
		],
		[],
	)
	lib.nodes_of(c, {"memory", "kernel"}) == {"/dev/mem": [0, 2], "/dev/kvm": [3]}
	lib.nodes_of(c, {"disk"}) == {}
	lib.named_as(c, "/dev/mem", [0, 2]) == "/dev/mem, /dev/mem as /dev/kmsg"
	lib.node_paths(c, [0, 2]) == {"/dev/mem", "/dev/kmsg"}
}

rule(r) := object.union({"allow": true, "type": "c", "access": "rw"}, r)

opened(list, classes) := object.keys(lib.opened_by_rules(spec([], list), classes))

test_opened_by_rules if {
	opened([rule({"major": 21})], {"disk"}) == {"/dev/sg*"}
	opened([rule({"major": 21, "minor": 3})], {"disk"}) == {"/dev/sg*"}
	opened([rule({"major": 1, "minor": 1})], {"memory"}) == {"/dev/mem"}
	opened([rule({"major": 1, "minor": 3})], {"memory", "disk", "unknown"}) == set()
	opened([rule({"major": 253})], {"unknown"}) == {"character device 253:*"}
	opened([rule({"major": 10, "minor": 61})], {"unknown"}) == {"character device 10:61"}
	opened([rule({"type": "b", "major": 8})], {"disk"}) == {"block device 8:*"}
	opened([rule({"type": "b", "minor": 1})], {"disk"}) == {"block device *:1"}
	"/dev/mem" in opened([rule({"minor": 1})], {"memory"})
	"character device *:1" in opened([rule({"minor": 1})], {"unknown"})
}

# Rules that open all, nothing, or only let a node be made.
test_not_opened if {
	every r in [rule({}), rule({"major": 21, "allow": false}), rule({"major": 21, "access": "m"})] {
		opened([r], {"disk", "memory", "unknown"}) == set()
	}
}

test_node_with_its_rule if {
	lib.opened_by_rules(spec([{"path": "/dev/sg0", "type": "c", "major": 21}], [rule({"major": 21, "minor": 0})]), {"disk"}) == {}
}

test_openers if {
	lib.opened_by_rules(spec([], [rule({"major": 8}), rule({"major": 21}), rule({"major": 21, "minor": 1})]), {"disk"}) == {"/dev/sg*": [1, 2]}
}

# Every row is complete, and no number is in two.
test_table if {
	every i, row in given.devices {
		row.type == "c"
		row.class in {"disk", "kernel", "machine", "memory", "plain", "serial", "terminal", "usual"}
		startswith(row.name, "/dev/")
		clashes := [j | some j, other in given.devices; j > i; other.major == row.major; meet(row, other)]
		clashes == []
	}
}

test_meet if {
	meet({"minors": [0, 3]}, {"minors": [3, 5]})
	meet({}, {"minors": [4, 5]})
	not meet({"minors": [0, 3]}, {"minors": [4, 5]})
}

meet(one, other) if {
	a := object.get(one, "minors", lib.every_minor)
	b := object.get(other, "minors", lib.every_minor)
	a[0] <= b[1]
	b[0] <= a[1]
}
