# METADATA
# scope: package
# title: "Secret on the command line"
# description: |-
#   /proc/cmdline is readable by everybody.
# custom:
#   id: CMD-012
#   severity: critical
#   pack: baseline
#   controls: ["800-190 4.1.4"]
#   remediation: "Pass the secret by another way, and replace it: it is known."
#   inputs: ["command line"]
#   since: 0.1.0
package seaworthy.rules.CMD_012

import data.seaworthy.kernel
import data.seaworthy.lib

unknown contains entry if {
	not input.kernel.present == true
	some entry in kernel.config_unknown
}

checked contains "cmdline:secrets" if input.kernel.present == true

fail contains {
	"id": "CMD-012",
	"resource": sprintf("cmdline:%s", [p.name]),
	"path": "",
	"origin": lib.cmdline_origin,
	"actual": sprintf("%s=(hidden)", [p.name]),
	"expected": "no secret",
	"key": p.name,
	"message": sprintf("the command line holds what looks like a secret (%s)", [p.name]),
	"fix": sprintf("remove %s from kernel.cmdline, and replace the secret", [p.name]),
} if {
	some p in input.cmdline.params
	is_string(p.value)
	lib.secret_in(sprintf("%s=%s", [p.name, p.value]))
}
