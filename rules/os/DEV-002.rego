# METADATA
# scope: package
# title: "Component can open memory devices"
# description: |-
#   With /dev/mem, /dev/kmem or /dev/port an attacker can access the memory and the I/O
#   ports of the machine. Processor registers (/dev/cpu/*/msr) reveal where the code of the
#   kernel is. /dev/snapshot saves and restores all memory. /dev/kmsg writes to the kernel
#   log.
# custom:
#   id: DEV-002
#   severity: critical
#   pack: baseline
#   controls: ["CIS-D 5.18", "ANSSI R15?"]
#   remediation: "Remove the device."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.DEV_002

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("DEV-002", c, {
	"path": sprintf("/linux/devices/%d", [nodes[0]]),
	"actual": lib.named_as(c, name, nodes),
	"expected": "no such device",
	"key": name,
	"message": sprintf("%s can open %s", [c.id, lib.named_as(c, name, nodes)]),
	"fix": edit.devices_fix(c, lib.node_paths(c, nodes)),
	"edits": edit.without_devices(c, lib.node_paths(c, nodes)),
}) if {
	some c in lib.containers
	some name, nodes in lib.nodes_of(c, {"memory"})
}

# The container can create the node or have it in a bound folder. The device rule
# decides whether it can open the device.
found contains lib.finding("DEV-002", c, {
	"path": sprintf("/linux/resources/devices/%d", [openers[0]]),
	"actual": sprintf("a device rule that opens %s", [name]),
	"expected": "no such rule",
	"key": name,
	"message": sprintf("a device rule lets %s open %s", [c.id, name]),
	"fix": sprintf("allow the devices that %s needs by major and minor number. The suggested edit removes the rule. %s", [c.id, edit.loss_note(c, "device that only this rule opens")]),
	"edits": edit.without_device_rules(c, openers),
}) if {
	some c in lib.containers
	some name, openers in lib.opened_by_rules(c, {"memory"})
}
