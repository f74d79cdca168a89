# METADATA
# scope: package
# title: "Devices are not denied by default"
# description: |-
#   LinuxKit writes only rules that allow devices, and usually none. If the first rule does
#   not deny all devices, the OCI runtime decides which devices an attacker can open: crun
#   sets no filter if there is no rule. Then only missing device nodes protect the system.
#   The severity is high if the container can create or reach device nodes.
# custom:
#   id: DEV-006
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.18"]
#   remediation: "Put {allow: false, access: rwm} first in resources.devices."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.DEV_006

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

denies_first(c) if {
	first := lib.device_rules(c)[0]
	first.allow == false
	object.get(first, "type", "a") in {"a", ""}
	not lib.has_number(first, "major")
	not lib.has_number(first, "minor")
	access := object.get(first, "access", "rwm")
	every right in ["r", "w", "m"] {
		contains(access, right)
	}
}

# reaches: the container has, or can create, more devices than those that every
# container has.
reaches(c) if "CAP_MKNOD" in lib.caps(c)

reaches(c) if count(lib.devices(c)) > 0

reaches(c) if lib.all_devices(c)

reaches(c) if {
	some p in lib.placed_in[c.id]
	some path in p.shows
	lib.under(path, "/dev")
	not path in lib.usual_devices
}

severity(c) := "high" if {
	reaches(c)
} else := "low"

found contains lib.finding("DEV-006", c, {
	"path": "/linux/resources/devices",
	"actual": sprintf("%d rules, no first rule that denies all", [count(lib.device_rules(c))]),
	"expected": "a first rule {allow: false, access: rwm}",
	"key": "deny-all",
	"severity": severity(c),
	"message": sprintf("%s has no first device rule that denies all devices: the OCI runtime decides which devices it can open", [c.id]),
	"fix": sprintf("put {allow: false, access: rwm} first in resources.devices of %s", [c.id]),
	"edits": edit.deny_devices(c),
}) if {
	some c in lib.containers
	not denies_first(c)
}
