# METADATA
# scope: package
# title: "Component can read kernel memory"
# description: |-
#   With CAP_SYS_RAWIO an attacker can read all memory of the machine through /proc/kcore.
#   Every /proc has this file.
# custom:
#   id: JNT-006
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.16"]
#   remediation: "Remove CAP_SYS_RAWIO, or mask /proc/kcore."
#   inputs: ["spec", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.JNT_006

import data.seaworthy.edit
import data.seaworthy.fact
import data.seaworthy.kernel
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

unknown contains {"resource": lib.resource(c), "reason": kernel.config_missing} if {
	some c in lib.containers
	exposed(c)
}

exposed(c) if {
	"CAP_SYS_RAWIO" in lib.host_caps(c)
	count(kcores(c)) > 0
}

# kcores are the paths of kcore that the container sees, one in each /proc.
kcores(c) := {path |
	some path in lib.kernel_paths(["/proc/kcore"], lib.placed_in[c.id])
	not lib.listed(c, "maskedPaths", path)
}

found contains lib.finding("JNT-006", c, {
	"path": "/process/capabilities",
	"actual": "CAP_SYS_RAWIO, /proc/kcore",
	"expected": "at most one of the two",
	"key": "kcore",
	"message": sprintf("%s can read all memory through %s", [c.id, lib.one_line(kcores(c))]),
	"because": [fact.option("CONFIG_PROC_KCORE"), fact.lockdown],
	"fix": sprintf("add %s to the maskedPaths of %s, or remove CAP_SYS_RAWIO", [lib.one_line(kcores(c)), c.id]),
	"edits": edit.with_missing(c, "maskedPaths", sort(kcores(c))),
}) if {
	some c in lib.containers
	exposed(c)
	kernel.on("CONFIG_PROC_KCORE")
	kernel.lockdown != "confidentiality"
}
