# METADATA
# scope: package
# title: "Parts of the machine, and devices that nobody knows"
# description: |-
#   VFIO, USB and other buses, keyboards, screens and firmware are within reach of
#   programs that other components trust. A number that the kernel has given to no
#   driver may be anything: it is given out at boot, to whichever driver asks first.
# custom:
#   id: DEV-008
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.18"]
#   remediation: "Remove the device, or give the component an allowance that says why."
#   inputs: ["spec"]
#   since: 0.2.0
package seaworthy.rules.DEV_008

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("DEV-008", c, {
	"path": sprintf("/linux/devices/%d", [nodes[0]]),
	"actual": lib.named_as(c, name, nodes),
	"expected": "no such device",
	"key": name,
	"message": sprintf("%s may open %s%s", [c.id, lib.named_as(c, name, nodes), what[class]]),
	"fix": edit.devices_fix(c, lib.node_paths(c, nodes)),
	"edits": edit.without_devices(c, lib.node_paths(c, nodes)),
}) if {
	some c in lib.containers
	some class in classes(c)
	some name, nodes in lib.nodes_of(c, {class})
}

# A node can be made, or lie in a folder that is bound: the rule is what opens it.
found contains lib.finding("DEV-008", c, {
	"path": sprintf("/linux/resources/devices/%d", [openers[0]]),
	"actual": sprintf("a rule that opens %s", [name]),
	"expected": "no such rule",
	"key": name,
	"message": sprintf("a device rule lets %s open %s%s", [c.id, name, what[class]]),
	"fix": sprintf("name the devices that %s needs by both their numbers", [c.id]),
	"edits": edit.without_device_rules(c, openers),
}) if {
	some c in lib.containers
	some class in classes(c)
	some name, openers in lib.opened_by_rules(c, {class})
}

what := {"machine": "", "unknown": ", which no table of the kernel's numbers has"}

# What may be a disk of a service on the network is DEV-004's.
classes(c) := {"machine"} if {
	c.section == "services"
	lib.networked(c)
} else := {"machine", "unknown"}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
