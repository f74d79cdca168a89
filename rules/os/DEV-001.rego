# METADATA
# scope: package
# title: "Every device"
# description: |-
#   The container opens any device of the host.
# custom:
#   id: DEV-001
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.18", "PSS-B Privileged", "ANSSI R64", "CIS-D 5.5"]
#   remediation: "Name the devices."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.DEV_001

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("DEV-001", c, {
	"path": sprintf("/linux/resources/devices/%d", [i]),
	"actual": "every device",
	"expected": "devices by name",
	"key": sprintf("all:%s", [object.get(lib.device_rules(c)[i], "type", "a")]),
	"message": sprintf("%s may open every device of its kind", [c.id]),
	"fix": sprintf("replace `path: all` in the devices of %s by the devices that it needs", [c.id]),
	"edits": edit.named_devices(c, i),
}) if {
	some c in lib.containers
	some i in lib.open_device_rules(c)
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
