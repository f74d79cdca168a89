# METADATA
# scope: package
# title: "The command line contains a secret"
# description: |-
#   Every process can read /proc/cmdline, including text in quotes and after "--".
# custom:
#   id: CMD-012
#   severity: critical
#   pack: baseline
#   controls: ["800-190 4.1.4"]
#   remediation: "Replace the secret with a new one, and pass the new secret in another way than kernel.cmdline. Attackers may know the old one."
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

fail contains found(p.name, sprintf("%s=(hidden)", [p.name]), sprintf("remove %s from kernel.cmdline, and replace the secret", [p.name])) if {
	some p in input.cmdline.params
	lib.secret_in(kernel.word(p))
	is_string(p.value)
}

# /proc/cmdline also shows text that is not a parameter.
fail contains found("line", "(hidden)", "remove the secret from kernel.cmdline, and replace it") if {
	some text in rest
	lib.secret_in(text)
	every p in input.cmdline.params {
		not named_by(p)
	}
}

rest contains input.cmdline.raw

rest contains kernel.word(p) if some p in input.cmdline.early

named_by(p) if {
	is_string(p.value)
	lib.secret_in(kernel.word(p))
}

found(name, actual, fix) := {
	"id": "CMD-012",
	"resource": sprintf("cmdline:%s", [name]),
	"path": "",
	"origin": lib.cmdline_origin,
	"actual": actual,
	"expected": "no secret",
	"key": name,
	"message": sprintf("the command line contains text that looks like a secret (%s)", [name]),
	"fix": fix,
}
