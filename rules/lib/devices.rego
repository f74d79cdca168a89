# Devices by their numbers: what their nodes and the rules of a container's cgroup
# open, wherever a node lies and whatever it is called.
package seaworthy.lib

import data.seaworthy.given

device_rules(c) := arr(object.get(c.spec, ["linux", "resources", "devices"], []))

devices(c) := arr(object.get(c.spec, ["linux", "devices"], []))

# open_device_rules: an allow rule without numbers opens every device of its
# kind. They are named by their index.
open_device_rules(c) := {i |
	some i, r in device_rules(c)
	opens_all(r)
}

rule_kind(c, i) := object.get(device_rules(c)[i], "type", "a")

opens_all(r) if {
	r.allow == true
	object.get(r, "type", "a") in {"a", ""}
}

opens_all(r) if {
	opens_device(r)
	not has_number(r, "major")
	not has_number(r, "minor")
}

# opens_device: the rule lets devices be read or written, and not only made. Runtimes
# take a rule that names no access for one that names all.
opens_device(r) if {
	r.allow == true
	regex.match("^$|[rw]", object.get(r, "access", ""))
}

# has_number: below zero, a number stands for all.
has_number(r, name) if r[name] >= 0

all_devices(c) if count(open_device_rules(c)) > 0

# device_type is b or c, as the kernel knows devices; a pipe is none.
device_type(d) := "b" if d.type == "b"

device_type(d) := "c" if d.type in {"c", "u"}

# device_kind is the row of the table for a node: what the kernel calls a device
# of these numbers, and of which class it is. Of a number that is in no row nobody
# can know the driver: most are given out at boot.
device_kind(d) := row if {
	rows := [given.devices[i] | some i in device_rows[device_type(d)][sprintf("%d", [major(d)])]; in_row(given.devices[i], minor(d))]
	row := rows[0]
} else := {"name": unlisted_name(device_type(d), major(d), minor(d)), "class": unlisted_class[device_type(d)]}

# A number that is 0 is left out of a node.
major(d) := object.get(d, "major", 0)

minor(d) := object.get(d, "minor", 0)

unlisted_name(kind, major, minor) := sprintf("%s device %v:%v", [{"b": "block", "c": "character"}[kind], major, minor])

# Whatever drives it, a block device holds files.
unlisted_class := {"b": "disk", "c": "unknown"}

# device_rows are the rows for a type and number, by their places in the table.
device_rows[row.type][sprintf("%d", [row.major])] contains i if some i, row in given.devices

in_row(row, number) if covers({"minor": number}, "minor", object.get(row, "minors", every_minor))

# nodes_of are a container's nodes of some classes: their indexes by the names
# that the kernel gives the devices.
nodes_of(c, classes) := {name: nodes |
	some d in devices(c)
	kind := device_kind(d)
	kind.class in classes
	name := kind.name
	nodes := [i | some i, other in devices(c); device_kind(other).name == name]
}

# opened_by_rules are the devices of some classes for which a container has a rule
# and no node: the rules' indexes by the devices' names. A node can be made, or
# lie in a folder that is bound. Rules that open all are DEV-001's.
opened_by_rules(c, classes) := {name: openers |
	some r in device_rules(c)
	some name in opened(r, classes)
	not name in {device_kind(d).name | some d in devices(c)}
	openers := [i | some i, other in device_rules(c); name in opened(other, classes)]
}

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

every_minor := [0, 1048575]

covers(r, key, _) if not has_number(r, key)

covers(r, key, range) if {
	r[key] >= range[0]
	r[key] <= range[1]
}

number(r, key) := r[key] if {
	has_number(r, key)
} else := "*"

# listed_device: every device that the rule is about is in the table.
listed_device(r) if {
	some i in device_rows[device_type(r)][sprintf("%v", [number(r, "major")])]
	covers(r, "minor", object.get(given.devices[i], "minors", every_minor))
}

# named_as lists a device's nodes: its name, and the path where that does not
# say it.
named_as(c, name, nodes) := one_line({text | some i in nodes; text := named_node(name, devices(c)[i].path)})

named_node(name, path) := name if {
	path == name
} else := sprintf("%s as %s", [name, path])

node_paths(c, nodes) := {devices(c)[i].path | some i in nodes}
