# METADATA
# scope: package
# title: "Ambient capabilities"
# description: |-
#   Ambient capabilities pass to every program that the service starts.
# custom:
#   id: CAP-012
#   severity: medium
#   pack: hardened
#   controls: ["800-190 4.4.3?", "ANSSI R64"]
#   remediation: "Remove `ambient`."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.CAP_012

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("CAP-012", c, {
	"path": "/process/capabilities/ambient",
	"actual": sort(names),
	"expected": [],
	"key": "ambient",
	"message": sprintf("%s passes %s to every program that it starts", [c.id, lib.one_line(names)]),
	"fix": edit.ambient_fix(c),
	"edits": edit.without_ambient(c),
}) if {
	some c in lib.services
	names := lib.ambient(c)
	count(names) > 0
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
