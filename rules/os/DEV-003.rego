# METADATA
# scope: package
# title: "World-writable device node"
# description: |-
#   Every user in the container can write to a world-writable device node, also an
#   attacker who is not root there.
# custom:
#   id: DEV-003
#   severity: low
#   pack: strict
#   controls: ["CIS-D 5.18"]
#   remediation: "Set a narrower mode for the device, for example 0660."
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
	"message": sprintf("every user in %s can write to %s", [c.id, d.path]),
	"fix": sprintf("set `mode: \"0660\"` for the device %s of %s", [d.path, c.id]),
	"edits": edit.device_mode(c, d.path, "0660"),
}) if {
	some c in lib.containers
	some i, d in lib.devices(c)
	bits.and(object.get(d, "fileMode", 0), 2) == 2
	not d.path in lib.usual_devices
}
