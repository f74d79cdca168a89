# METADATA
# scope: package
# title: "One-shot component with all capabilities"
# description: |-
#   A component that runs once at boot or shutdown rarely needs all capabilities. An
#   attacker who can influence what it does gets the rights of root on the system.
# custom:
#   id: CAP-002
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.4", "800-190 4.4.3"]
#   remediation: "List only the capabilities that the component needs."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.CAP_002

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("CAP-002", c, {
	"path": "/process/capabilities",
	"actual": sprintf("%d capabilities", [count(lib.caps(c))]),
	"expected": "only the capabilities that it needs",
	"key": "all",
	"message": sprintf("%s has all capabilities while it runs", [c.id]),
	"fix": edit.all_fix(c, set()),
	"edits": edit.without_all(c),
}) if {
	some c in lib.containers
	c.section in {"onboot", "onshutdown"}
	lib.all_caps(c)
}
