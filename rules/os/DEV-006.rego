# METADATA
# scope: package
# title: "Devices are not denied first"
# description: |-
#   LinuxKit writes only rules that allow devices, and most often none. Without a
#   first rule that denies all, what else may be opened is up to the runtime: crun
#   sets no filter at all where there is no rule. Then only the absence of device
#   nodes protects, so it is high where the container can make or reach some.
# custom:
#   id: DEV-006
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.18"]
#   remediation: "Begin resources.devices with {allow: false, access: rwm}."
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

# reaches: there are devices beyond the few that every container has.
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
	"actual": sprintf("%d rules, the first of which does not deny all", [count(lib.device_rules(c))]),
	"expected": "a first rule {allow: false, access: rwm}",
	"key": "deny-all",
	"severity": severity(c),
	"message": sprintf("no first rule denies %s all devices: what it may open is up to the runtime", [c.id]),
	"fix": sprintf("begin resources.devices of %s with {allow: false, access: rwm}", [c.id]),
	"edits": edit.deny_devices(c),
}) if {
	some c in lib.containers
	not denies_first(c)
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
