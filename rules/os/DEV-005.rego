# METADATA
# scope: package
# title: "Access to powerful devices"
# description: |-
#   /dev/kvm, /dev/net/tun, /dev/fuse and similar devices give an attacker access to large
#   parts of the kernel that containers do not reach otherwise.
# custom:
#   id: DEV-005
#   severity: medium
#   pack: strict
#   controls: ["CIS-D 5.18"]
#   remediation: "Remove the device, or give the component an allowance with a reason."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.DEV_005

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("DEV-005", c, {
	"path": sprintf("/linux/devices/%d", [nodes[0]]),
	"actual": lib.named_as(c, name, nodes),
	"expected": "no such device",
	"key": name,
	"message": sprintf("%s can open %s", [c.id, lib.named_as(c, name, nodes)]),
	"fix": edit.devices_fix(c, lib.node_paths(c, nodes)),
	"edits": edit.without_devices(c, lib.node_paths(c, nodes)),
}) if {
	some c in lib.containers
	some name, nodes in powerful(c)
}

powerful(c) := object.union(lib.nodes_of(c, {"kernel"}), numberless(c))

# The kernel assigns the number of this device at boot.
numberless(c) := {d.path: [i] | some i, d in lib.devices(c); d.path == "/dev/userfaultfd"}
