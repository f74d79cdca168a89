# METADATA
# scope: package
# title: "Component with CAP_SYS_MODULE"
# description: |-
#   An attacker with CAP_SYS_MODULE can load kernel modules and so run any code in the
#   kernel.
# custom:
#   id: CAP-004
#   severity: critical
#   pack: baseline
#   controls: ["CIS-D 5.4", "PSS-B Capabilities", "ANSSI R10?"]
#   remediation: "Remove CAP_SYS_MODULE. Load modules in a one-shot component that an allowance covers."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.CAP_004

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("CAP-004", c, {
	"path": "/process/capabilities",
	"actual": name,
	"expected": sprintf("no %s", [name]),
	"key": name,
	"message": sprintf("%s has %s: it can load code into the kernel", [c.id, name]),
	"fix": edit.caps_fix(c, {name}),
	"edits": edit.without_caps(c, {name}),
}) if {
	some c in lib.containers
	some name in (lib.host_caps(c) & {"CAP_SYS_MODULE"})
}
