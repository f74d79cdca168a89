# METADATA
# scope: package
# title: "Component with CAP_DAC_READ_SEARCH"
# description: |-
#   An attacker with CAP_DAC_READ_SEARCH can open any file by its handle, also outside
#   the container.
# custom:
#   id: CAP-009
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.4", "PSS-B Capabilities"]
#   remediation: "Remove CAP_DAC_READ_SEARCH."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.CAP_009

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("CAP-009", c, {
	"path": "/process/capabilities",
	"actual": name,
	"expected": sprintf("no %s", [name]),
	"key": name,
	"message": sprintf("%s has %s: it can open any file of the host by its handle", [c.id, name]),
	"fix": edit.caps_fix(c, {name}),
	"edits": edit.without_caps(c, {name}),
}) if {
	some c in lib.containers
	some name in (lib.host_caps(c) & {"CAP_DAC_READ_SEARCH"})
}
