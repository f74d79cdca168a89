# METADATA
# scope: package
# title: "Capability outside the Pod Security baseline"
# description: |-
#   The baseline of the Pod Security Standards lists the capabilities that ordinary
#   software needs. Each further capability gives an attacker further rights. A component
#   with all capabilities is a finding of CAP-001 or CAP-002 instead.
# custom:
#   id: CAP-010
#   severity: medium
#   pack: hardened
#   controls: ["PSS-B Capabilities", "CIS-D 5.4"]
#   remediation: "Remove the capability, or give the component an allowance with a reason."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.CAP_010

import data.seaworthy.edit
import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("CAP-010", c, {
	"path": "/process/capabilities",
	"actual": name,
	"expected": sprintf("no %s", [name]),
	"key": name,
	"message": sprintf("%s has %s, which ordinary software does not need", [c.id, name]),
	"fix": edit.caps_fix(c, {name}),
	"edits": edit.without_caps(c, {name}),
}) if {
	some c in lib.containers
	some name in (lib.caps(c) & (lib.caps(c) - {x | some x in given.params.pss_baseline_caps}))
	not lib.all_caps(c)
}
