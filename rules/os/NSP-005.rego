# METADATA
# scope: package
# title: "Service without its own user namespace"
# description: |-
#   Root in the container is root on the host. An attacker who is root and breaks out of
#   the container controls the host. A kernel without user namespaces is safer for most
#   systems (KCF-017, SYS-010): every user can reach more of the kernel in a user namespace.
#   On such a kernel, the rule applies only to services that run as root or can become root.
# custom:
#   id: NSP-005
#   severity: medium
#   pack: strict
#   controls: ["CIS-D 5.31"]
#   remediation: "Set `userns: auto`, or `userns: new` with uidMappings and gidMappings. On a kernel without user namespaces, run the service as another user than root."
#   inputs: ["spec", "kernel config", "sysctls"]
#   since: 0.1.0
package seaworthy.rules.NSP_005

import data.seaworthy.edit
import data.seaworthy.fact
import data.seaworthy.kernel
import data.seaworthy.lib

checked contains lib.resource(c) if {
	some c in lib.services
	not excused(c)
}

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("NSP-005", c, {
	"path": "/linux/namespaces/user",
	"actual": shared(c),
	"expected": "its own namespace",
	"key": "userns",
	"message": sprintf("the user ids of %s include the host's root", [c.id]),
	"fix": edit.own_users_fix(c),
	"edits": edit.own_users(c),
}) if {
	some c in lib.services
	lib.host_root(c)
	not kernel.user_ns_missing
}

found contains lib.finding("NSP-005", c, {
	"path": "/process/user/uid",
	"actual": identity,
	"expected": "a user who is not root and cannot become root",
	"key": "userns",
	"message": sprintf("%s runs as %s, with the user ids of the host", [c.id, identity]),
	"because": [fact.option("CONFIG_USER_NS"), fact.sysctl("user.max_user_namespaces")],
	"fix": edit.not_root_fix(c),
	"edits": edit.not_root(c),
}) if {
	some c in lib.services
	lib.host_root(c)
	kernel.user_ns_missing
	identity := lib.root_identity(c)
}

not_applicable contains {"resource": lib.resource(c), "reason": sprintf("user namespaces: %s, and the service is not root", [kernel.user_ns_missing])} if {
	some c in lib.services
	excused(c)
}

# excused: the kernel has no user namespaces, and the service does not have the power
# of root.
excused(c) if {
	lib.host_root(c)
	kernel.user_ns_missing
	not lib.root_identity(c)
}

shared(c) := lib.ns_source(c, "user") if {
	lib.host_ns(c, "user")
} else := "a namespace that maps the host's root"
