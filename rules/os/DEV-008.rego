# METADATA
# scope: package
# title: "Access to hardware or to unknown devices"
# description: |-
#   VFIO, USB and other buses, keyboards, screens and firmware belong to the machine. An
#   attacker who can open them can read or fake what other components trust. A number
#   that the kernel's device table does not list can be any device: the kernel assigns it
#   at boot to the first driver that asks.
# custom:
#   id: DEV-008
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.18"]
#   remediation: "Remove the device, or give the component an allowance with a reason."
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
	"message": sprintf("%s can open %s%s", [c.id, lib.named_as(c, name, nodes), what[class]]),
	"fix": edit.devices_fix(c, lib.node_paths(c, nodes)),
	"edits": edit.without_devices(c, lib.node_paths(c, nodes)),
}) if {
	some c in lib.containers
	some class in classes(c)
	some name, nodes in lib.nodes_of(c, {class})
}

# The container can create the node or have it in a bound folder. The device rule
# decides whether it can open the device.
found contains lib.finding("DEV-008", c, {
	"path": sprintf("/linux/resources/devices/%d", [openers[0]]),
	"actual": sprintf("a device rule that opens %s", [name]),
	"expected": "no such rule",
	"key": name,
	"message": sprintf("a device rule lets %s open %s%s", [c.id, name, what[class]]),
	"fix": sprintf("allow the devices that %s needs by major and minor number", [c.id]),
	"edits": edit.without_device_rules(c, openers),
}) if {
	some c in lib.containers
	some class in classes(c)
	some name, openers in lib.opened_by_rules(c, {class})
}

what := {"machine": "", "unknown": ", whose number is not in the kernel's device table"}

# DEV-004 reports unknown devices of network services: they can be disks.
classes(c) := {"machine"} if {
	c.section == "services"
	lib.networked(c)
} else := {"machine", "unknown"}
