# METADATA
# scope: package
# title: "Service with all capabilities"
# description: |-
#   An attacker who takes over the service has every capability of root, for example to
#   load kernel modules. The container no longer limits the attacker.
# custom:
#   id: CAP-001
#   severity: critical
#   pack: baseline
#   controls: ["CIS-D 5.4", "CIS-D 5.5", "PSS-B Capabilities", "ANSSI R64", "800-190 4.4.3", "PSS-B Privileged", "NSA Privileged"]
#   remediation: "List only the capabilities that the service needs, or none."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.CAP_001

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("CAP-001", c, {
	"path": "/process/capabilities",
	"actual": sprintf("%d capabilities", [count(lib.caps(c))]),
	"expected": "only the capabilities that it needs",
	"key": "all",
	"message": sprintf("%s has all capabilities: an attacker who takes it over controls the system", [c.id]),
	"fix": edit.all_fix(c, set()),
	"edits": edit.without_all(c),
}) if {
	some c in lib.services
	lib.all_caps(c)
}
