# METADATA
# scope: package
# title: "Memory devices"
# description: |-
#   /dev/mem, kmem and port are the machine's memory, the registers of a processor
#   (/dev/cpu/*/msr) say where the kernel's code is, /dev/snapshot takes and puts back
#   all memory; /dev/kmsg writes the kernel log.
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
	"message": sprintf("%s may open %s", [c.id, lib.named_as(c, name, nodes)]),
	"fix": edit.devices_fix(c, lib.node_paths(c, nodes)),
	"edits": edit.without_devices(c, lib.node_paths(c, nodes)),
}) if {
	some c in lib.containers
	some name, nodes in lib.nodes_of(c, {"memory"})
}

# A node can be made, or lie in a folder that is bound: the rule is what opens it.
found contains lib.finding("DEV-002", c, {
	"path": sprintf("/linux/resources/devices/%d", [openers[0]]),
	"actual": sprintf("a rule that opens %s", [name]),
	"expected": "no such rule",
	"key": name,
	"message": sprintf("a device rule lets %s open %s", [c.id, name]),
	"fix": sprintf("name the devices that %s needs by both their numbers. The suggested edit takes the rule away. %s", [c.id, edit.loss_note(c, "device that this rule alone opens")]),
	"edits": edit.without_device_rules(c, openers),
}) if {
	some c in lib.containers
	some name, openers in lib.opened_by_rules(c, {"memory"})
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
