# METADATA
# scope: package
# title: "User namespace without kernel support"
# description: |-
#   The spec asks for a user namespace, but the kernel cannot create one. The container
#   does not start, or runs without it. Then an attacker who is root in the container is
#   root on the host.
# custom:
#   id: JNT-008
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.31"]
#   remediation: "Use a kernel with CONFIG_USER_NS=y, or remove `userns`."
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

found contains lib.finding("JNT-008", c, {
	"path": "/linux/namespaces",
	"actual": sprintf("userns, but %s", [reason]),
	"expected": "a kernel with user namespaces",
	"key": "userns",
	"message": sprintf("%s asks for a user namespace, but %s", [c.id, reason]),
	"because": [fact.option("CONFIG_USER_NS"), fact.sysctl("user.max_user_namespaces")],
	"fix": sprintf("use a kernel with CONFIG_USER_NS=y, and do not set user.max_user_namespaces to 0. The suggested edit removes `userns` from %s instead", [c.id]),
	"edits": edit.host_users(c),
}) if {
	some c in lib.containers
	exposed(c)
	reason := kernel.user_ns_missing
}
