# Devices by their numbers: the device nodes of a container, and the devices that
# its cgroup rules open. Paths and names of nodes do not matter.
package seaworthy.lib

import data.seaworthy.given

# device_rules are the device rules of the cgroup of a container.
device_rules(c) := arr(object.get(c.spec, ["linux", "resources", "devices"], []))

# devices are the device nodes of a container.
devices(c) := arr(object.get(c.spec, ["linux", "devices"], []))

# open_device_rules are the indexes of rules that open every device of a kind: allow
# rules without numbers.
open_device_rules(c) := {i |
	some i, r in device_rules(c)
	opens_all(r)
}

# rule_kind is the device type of a rule: a, b or c.
rule_kind(c, i) := object.get(device_rules(c)[i], "type", "a")

# opens_all: the rule opens every device of a kind.
opens_all(r) if {
	r.allow == true
	object.get(r, "type", "a") in {"a", ""}
}

opens_all(r) if {
	opens_device(r)
	not has_number(r, "major")
	not has_number(r, "minor")
}

# opens_device: the rule allows reading or writing, and not only creating a node. To
# runtimes, a rule without access grants all access.
opens_device(r) if {
	r.allow == true
	regex.match("^$|[rw]", object.get(r, "access", ""))
}

# has_number: the rule has the number. A negative number means all.
has_number(r, name) if r[name] >= 0

# all_devices: the container can open every device of a kind.
all_devices(c) if count(open_device_rules(c)) > 0

# device_type is b or c, the types of the kernel. A pipe has no type.
device_type(d) := "b" if d.type == "b"

device_type(d) := "c" if d.type in {"c", "u"}

# device_kind is the row of the table for a node, with the kernel's name of the
# device and its class. The driver of a number that is not in the table is unknown:
# most of these numbers are assigned at boot.
device_kind(d) := row if {
	rows := [given.devices[i] | some i in device_rows[device_type(d)][sprintf("%d", [major(d)])]; in_row(given.devices[i], minor(d))]
	row := rows[0]
} else := {"name": unlisted_name(device_type(d), major(d), minor(d)), "class": unlisted_class[device_type(d)]}

# major is the major number of a node. Facts leave out 0.
major(d) := object.get(d, "major", 0)

# minor is the minor number of a node.
minor(d) := object.get(d, "minor", 0)

unlisted_name(kind, major, minor) := sprintf("%s device %v:%v", [{"b": "block", "c": "character"}[kind], major, minor])

# unlisted_class is the class of devices that are not in the table. Every block
# device can contain files.
unlisted_class := {"b": "disk", "c": "unknown"}

# device_rows are the indexes of rows in the table by type and major number.
device_rows[row.type][sprintf("%d", [row.major])] contains i if some i, row in given.devices

in_row(row, number) if covers({"minor": number}, "minor", object.get(row, "minors", every_minor))

# nodes_of are the nodes of a container in some classes: their indexes by the
# kernel's names of the devices.
nodes_of(c, classes) := {name: nodes |
	some d in devices(c)
	kind := device_kind(d)
	kind.class in classes
	name := kind.name
	nodes := [i | some i, other in devices(c); device_kind(other).name == name]
}

# opened_by_rules are the devices of some classes for which a container has a rule
# but no node: the indexes of the rules by device name. The node can be created, or
# be in a bound folder. DEV-001 reports rules that open all devices.
opened_by_rules(c, classes) := {name: openers |
	some r in device_rules(c)
	some name in opened(r, classes)
	not name in {device_kind(d).name | some d in devices(c)}
	openers := [i | some i, other in device_rules(c); name in opened(other, classes)]
}

# opened are the names of the devices of some classes that a rule opens.
opened(r, classes) := {row.name |
	opens_device(r)
	not opens_all(r)
	some row in given.devices
	row.class in classes
	row.type == device_type(r)
	covers(r, "major", [row.major, row.major])
	covers(r, "minor", object.get(row, "minors", every_minor))
} | {unlisted_name(device_type(r), number(r, "major"), number(r, "minor")) |
	opens_device(r)
	not opens_all(r)
	unlisted_class[device_type(r)] in classes
	not listed_device(r)
}

# every_minor is the range of all minor numbers.
every_minor := [0, 1048575]

# covers: the rule includes a range of numbers.
covers(r, key, _) if not has_number(r, key)

covers(r, key, range) if {
	r[key] >= range[0]
	r[key] <= range[1]
}

# number is a number of the rule, or "*" for all.
number(r, key) := r[key] if {
	has_number(r, key)
} else := "*"

# listed_device: the table has a row for the device of the rule.
listed_device(r) if {
	some i in device_rows[device_type(r)][sprintf("%v", [number(r, "major")])]
	covers(r, "minor", object.get(given.devices[i], "minors", every_minor))
}

# named_as is the text of the nodes of a device: its name, and each path that
# differs from it.
named_as(c, name, nodes) := one_line({text | some i in nodes; text := named_node(name, devices(c)[i].path)})

# named_node is the name of a device, with its path if that differs.
named_node(name, path) := name if {
	path == name
} else := sprintf("%s as %s", [name, path])

# node_paths are the paths of nodes.
node_paths(c, nodes) := {devices(c)[i].path | some i in nodes}
