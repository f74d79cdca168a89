# METADATA
# scope: package
# title: "crun without user namespaces in the kernel"
# description: |-
#   crun reads /proc/self/uid_map and /proc/self/setgroups when it starts a container.
#   They exist only in a kernel with user namespaces. On any other kernel, no container
#   starts. runc does not need them.
# custom:
#   id: JNT-016
#   severity: medium
#   pack: baseline
#   controls: []
#   remediation: "Use runc instead of crun, or a kernel with CONFIG_USER_NS=y."
#   inputs: ["sbom", "kernel config"]
#   since: 0.2.0
package seaworthy.rules.JNT_016

import data.seaworthy.fact
import data.seaworthy.kernel
import data.seaworthy.lib

checked contains lib.resource(c) if some c in inits

unknown contains {"resource": lib.resource(c), "reason": kernel.config_missing} if {
	some c in inits
	count(crun(c)) > 0
}

unknown contains {"resource": lib.resource(c), "reason": "it has no SBOM, so its packages are not known"} if {
	some c in inits
	kernel.off("CONFIG_USER_NS")
	not c.sbom.present == true
}

inits contains c if {
	some c in input.components
	c.section == "init"
}

# crun are the versions of crun in a component: src/libcrun/utils.c and linux.c of version
# 1.8.1, check_running_in_user_namespace and can_setgroups.
crun(c) := {p.version |
	some p in lib.arr(c.sbom.packages)
	p.name == "crun"
}

found contains lib.finding("JNT-016", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("crun %s, and a kernel without user namespaces", [versions]),
	"expected": "runc, or a kernel with user namespaces",
	"key": "crun",
	"message": sprintf("%s brings crun %s, which cannot start containers on this kernel (CONFIG_USER_NS is off)", [c.id, versions]),
	"because": [fact.option("CONFIG_USER_NS")],
	"fix": sprintf("replace the image of %s with one that has runc, or use a kernel that is built with CONFIG_USER_NS=y", [c.id]),
}) if {
	some c in inits
	count(crun(c)) > 0
	versions := lib.one_line(crun(c))
	kernel.off("CONFIG_USER_NS")
}
