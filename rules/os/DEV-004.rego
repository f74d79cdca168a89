# METADATA
# scope: package
# title: "Disk exposed to a service on the network"
# description: |-
#   A service that strangers talk to should not hold a raw disk.
# custom:
#   id: DEV-004
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.18", "800-190 4.5.5?"]
#   remediation: "Mount the filesystem in a one-shot component, and bind the folder."
#   inputs: ["spec", "image"]
#   since: 0.1.0
package seaworthy.rules.DEV_004

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

# networked: a network of its own is none as long as nothing is moved into it.
networked(c) if not lib.own_ns(c, "network")

networked(c) if count(lib.arr(object.get(lib.obj(c.runtime), "interfaces", []))) > 0

networked(c) if count(lib.arr(c.image.exposedPorts)) > 0

found contains lib.finding("DEV-004", c, {
	"path": sprintf("/linux/devices/%d", [i]),
	"actual": d.path,
	"expected": "no block device",
	"key": d.path,
	"message": sprintf("%s talks to the network and holds the raw disk %s", [c.id, d.path]),
	"fix": sprintf("%s. Or mount the disk in onboot, and bind the folder", [edit.devices_fix(c, {d.path})]),
	"edits": edit.without_devices(c, {d.path}),
}) if {
	some c in lib.services
	some i, d in lib.devices(c)
	d.type == "b"
	networked(c)
}

# The node may lie in a folder that is bound: the rule is what opens the disk.
found contains lib.finding("DEV-004", c, {
	"path": sprintf("/linux/resources/devices/%d", [openers[0]]),
	"actual": sprintf("a rule that opens %s", [disk]),
	"expected": "no rule for block devices",
	"key": disk,
	"message": sprintf("%s talks to the network, and a device rule lets it open %s", [c.id, disk]),
	"fix": sprintf("remove the rule for %s from the resources of %s. %s. Or mount the disk in onboot, and bind the folder", [disk, c.id, edit.price(c, disk)]),
	"edits": edit.without_device_rules(c, openers),
}) if {
	some c in lib.services
	networked(c)
	some disk in {numbers(r) | some r in lib.device_rules(c); opens_disk(c, r)}
	openers := [i | some i, r in lib.device_rules(c); opens_disk(c, r); numbers(r) == disk]
}

opens_disk(c, r) if {
	r.type == "b"
	lib.opens(r)
	not lib.opens_all(r)
	not numbers(r) in {numbers(d) | some d in lib.devices(c); d.type == "b"}
}

# A rule without one of the numbers is about all of them.
numbers(r) := sprintf("block device %s:%s", [number(r, "major"), number(r, "minor")])

number(r, name) := format_int(r[name], 10) if {
	lib.numbered(r, name)
} else := "*"

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
