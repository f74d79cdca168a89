# METADATA
# scope: package
# title: "User namespace that cannot be"
# description: |-
#   The spec asks for a user namespace, and the kernel has none: the container does not start, or runs without.
# custom:
#   id: JNT-008
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.31"]
#   remediation: "Use a kernel with CONFIG_USER_NS, or remove `userns`."
#   inputs: ["spec", "kernel config", "sysctls"]
#   since: 0.1.0
package seaworthy.rules.JNT_008

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

exposed(c) if lib.has_ns(c, "user")

user_ns_missing := "the kernel has none (CONFIG_USER_NS)" if {
	kernel.off("CONFIG_USER_NS")
} else := "user.max_user_namespaces is 0" if {
	kernel.config_known
	kernel.sysctl("user.max_user_namespaces") == "0"
}

found contains lib.finding("JNT-008", c, {
	"path": "/linux/namespaces",
	"actual": sprintf("userns, but %s", [reason]),
	"expected": "a kernel with user namespaces",
	"key": "userns",
	"message": sprintf("%s asks for a user namespace, but %s", [c.id, reason]),
	"because": [fact.option("CONFIG_USER_NS"), fact.sysctl("user.max_user_namespaces")],
	"fix": sprintf("use a kernel with CONFIG_USER_NS=y. The suggested edit removes `userns` from %s, which this kernel cannot give it", [c.id]),
	"edits": edit.host_users(c),
}) if {
	some c in lib.containers
	exposed(c)
	reason := user_ns_missing
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
