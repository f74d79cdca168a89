# METADATA
# scope: package
# title: "Security modules are switched off"
# description: |-
#   The command line switches a security module off: with selinux=0, apparmor=0, audit=0 or
#   security=none, or with an lsm= list that lacks Yama, Landlock or lockdown. What this module would
#   refuse is then allowed.
# custom:
#   id: CMD-013
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R45", "ANSSI R46", "SRG-OS-000134-GPOS-00068", "ANSSI R37", "ANSSI R73?"]
#   remediation: "Remove the parameter from kernel.cmdline."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_013

import data.seaworthy.edit
import data.seaworthy.kernel
import data.seaworthy.lib
import data.seaworthy.tables.cmdline

checked contains r if some r in cmdline.all_checked["CMD-013"]

fail contains f if some f in cmdline.all_fail["CMD-013"]

unknown contains u if some u in cmdline.all_unknown["CMD-013"]

not_applicable contains n if some n in cmdline.all_not_applicable["CMD-013"]

# lsm= replaces the built-in list. A module that it does not list is not started.
fail contains {
	"id": "CMD-013",
	"resource": "cmdline:lsm",
	"path": "",
	"origin": lib.cmdline_origin,
	"actual": kernel.last_value("lsm"),
	"expected": "a list with every security module that the kernel has",
	"key": "lsm",
	"severity": "high",
	"message": sprintf("lsm=%s does not start %s, although the kernel has them", [kernel.last_value("lsm"), lib.one_line(left_out)]),
	"edits": edit.set_param("lsm", sprintf("lsm=%s", [concat(",", array.concat(sort(left_out), split(kernel.last_value("lsm"), ",")))])),
	"fix": "remove lsm= from kernel.cmdline, or add the missing modules to it",
} if {
	kernel.has_param("lsm")
	count(left_out) > 0
}

left_out contains name if {
	some name in ["lockdown", "yama", "landlock"]
	kernel.lsm_built(name)
	not name in kernel.lsms
}

# These two count only if CONFIG_LSM starts them: they need a policy.
left_out contains name if {
	some name in ["loadpin", "ipe"]
	kernel.lsm_built(name)
	name in split(kernel.value("CONFIG_LSM"), ",")
	not name in kernel.lsms
}

# One module with mandatory access control is enough.
left_out contains name if {
	count({n | some n in (mandatory & kernel.lsms); kernel.lsm_built(n)}) == 0
	name := [n | some n in split(kernel.value("CONFIG_LSM"), ","); n in mandatory; kernel.lsm_built(n)][0]
}

mandatory := {"apparmor", "selinux", "smack", "tomoyo"}

# security= picks one of the modules that exclude each other, and switches the
# others off. The kernel ignores it if lsm= is given.
fail contains {
	"id": "CMD-013",
	"resource": "cmdline:security",
	"path": "",
	"origin": lib.cmdline_origin,
	"actual": kernel.last_value("security"),
	"expected": "the name of a module that the kernel has",
	"key": "security-other",
	"severity": "high",
	"message": sprintf("the kernel has no security module %s (security=), so none of these is started: %s", [kernel.last_value("security"), lib.one_line(exclusive)]),
	"edits": edit.without_params(edit.params_of("security")),
	"fix": "remove security= from kernel.cmdline",
} if {
	kernel.has_param("security")
	not kernel.has_param("lsm")
	kernel.last_value("security") != "none"
	count(exclusive) > 0
	not kernel.last_value("security") in exclusive
}

exclusive := {name | some name in kernel.picked_lsms; kernel.lsm_built(name)}

unknown contains entry if {
	some name in ["lsm", "security"]
	kernel.has_param(name)
	some entry in kernel.config_unknown
}
