# METADATA
# scope: package
# title: "Device that everybody may write"
# description: |-
#   A world-writable device node is open to every user in the container.
# custom:
#   id: DEV-003
#   severity: low
#   pack: strict
#   controls: ["CIS-D 5.18"]
#   remediation: "Give the device a narrower mode."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.DEV_003

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("DEV-003", c, {
	"path": sprintf("/linux/devices/%d", [i]),
	"actual": format_int(d.fileMode, 8),
	"expected": "not writable by others",
	"key": d.path,
	"message": sprintf("every user in %s may write to %s", [c.id, d.path]),
	"fix": sprintf("set `mode: \"0660\"` for %s of %s", [d.path, c.id]),
	"edits": edit.device_mode(c, d.path, "0660"),
}) if {
	some c in lib.containers
	some i, d in lib.devices(c)
	bits.and(object.get(d, "fileMode", 0), 2) == 2
	not d.path in lib.usual_devices
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
