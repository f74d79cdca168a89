# METADATA
# scope: package
# title: "Inheritable capabilities"
# description: |-
#   Docker stopped setting them (CVE-2022-24769); LinuxKit still copies the bounding set.
# custom:
#   id: CAP-013
#   severity: low
#   pack: strict
#   controls: ["800-190 4.4.3?"]
#   remediation: "Grant no capabilities, or accept what LinuxKit's semantics imply."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.CAP_013

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("CAP-013", c, {
	"path": "/process/capabilities/inheritable",
	"actual": sort(names),
	"expected": [],
	"key": "inheritable",
	"message": sprintf("programs with file capabilities that %s starts inherit %s", [c.id, lib.one_line(names)]),
	"fix": edit.caps_fix(c, names),
	"edits": edit.without_caps(c, names),
}) if {
	some c in lib.services
	names := {n | some n in object.get(c.spec, ["process", "capabilities", "inheritable"], [])}
	count(names) > 0
	lib.uid(c) != 0
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
