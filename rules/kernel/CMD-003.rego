# METADATA
# scope: package
# title: "The command line makes the kernel run another program"
# description: |-
#   init=, rdinit= or single-user mode start a program that is not the init of the image. A sysctl on
#   the command line, such as sysctl.kernel.modprobe=, can name a program that the kernel runs as root,
#   outside every container.
# custom:
#   id: CMD-003
#   severity: high
#   pack: baseline
#   controls: ["CRA I.I(2)(f)?", "ANSSI R6?"]
#   remediation: "Change kernel.cmdline in os.yml as the finding says."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_003

import data.seaworthy.edit
import data.seaworthy.helper
import data.seaworthy.kernel
import data.seaworthy.lib
import data.seaworthy.tables.cmdline

checked contains r if some r in cmdline.all_checked["CMD-003"]

fail contains f if some f in cmdline.all_fail["CMD-003"]

fail contains {
	"id": "CMD-003",
	"resource": sprintf("cmdline:%s", [p.name]),
	"path": "",
	"origin": lib.cmdline_origin,
	"actual": p.value,
	"expected": "no program, or the default of the kernel",
	"key": sprintf("sysctl.%s", [key]),
	"severity": "critical",
	"message": sprintf("%s=%s names a program that the kernel runs as root, outside every container", [p.name, p.value]),
	"fix": sprintf("remove %s from kernel.cmdline", [p.name]),
	"edits": edit.without_params([p | not p.builtIn]),
} if {
	some key, ps in kernel.sysctl_params
	some p in ps
	is_string(p.value)
	helper.names_foreign_program(key, p.value)
}

unknown contains u if some u in cmdline.all_unknown["CMD-003"]

not_applicable contains n if some n in cmdline.all_not_applicable["CMD-003"]
