# METADATA
# scope: package
# title: "Component with raw access to devices"
# description: |-
#   With CAP_SYS_RAWIO an attacker can read and write I/O ports and raw memory. With
#   CAP_MKNOD and access to every device, an attacker can create a node for any device
#   and open it.
# custom:
#   id: CAP-005
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.18", "ANSSI R64", "PSS-B Capabilities?", "CIS-D 5.4?"]
#   remediation: "Remove the capability, or list the devices that the component needs."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.CAP_005

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("CAP-005", c, {
	"path": "/process/capabilities",
	"actual": "CAP_SYS_RAWIO",
	"expected": "no CAP_SYS_RAWIO",
	"key": "CAP_SYS_RAWIO",
	"message": sprintf("%s has CAP_SYS_RAWIO: it can access I/O ports and raw memory", [c.id]),
	"fix": edit.caps_fix(c, {"CAP_SYS_RAWIO"}),
	"edits": edit.without_caps(c, {"CAP_SYS_RAWIO"}),
}) if {
	some c in lib.containers
	"CAP_SYS_RAWIO" in lib.host_caps(c)
}

found contains lib.finding("CAP-005", c, {
	"path": "/process/capabilities",
	"actual": "CAP_MKNOD and access to every device",
	"expected": "no CAP_MKNOD, or a list of devices",
	"key": "CAP_MKNOD",
	"message": sprintf("%s can create a node for any device and open it", [c.id]),
	"fix": sprintf("%s. Or keep CAP_MKNOD, and list the devices that %s needs instead of `path: all`", [edit.caps_fix(c, {"CAP_MKNOD"}), c.id]),
	"edits": edit.without_caps(c, {"CAP_MKNOD"}),
}) if {
	some c in lib.containers
	"CAP_MKNOD" in lib.host_caps(c)
	lib.all_devices(c)
}
