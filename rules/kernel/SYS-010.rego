# METADATA
# scope: package
# title: "All users can create user namespaces"
# description: |-
#   In a user namespace, every process can reach kernel code that otherwise only root can reach. Many
#   privilege escalations start there. A system whose containers do not use user namespaces can forbid
#   them.
# custom:
#   id: SYS-010
#   severity: low
#   pack: strict
#   controls: ["SRG-OS-000480-GPOS-00227"]
#   remediation: "Set user.max_user_namespaces to 0, or run containers in user namespaces."
#   inputs: ["sysctls", "effective spec", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.SYS_010

import data.seaworthy.lib
import data.seaworthy.tables.sysctl

users contains c.id if {
	some c in input.components
	some ns in lib.arr(lib.obj(lib.obj(c.spec).linux).namespaces)
	ns.type == "user"
}

checked contains r if {
	count(users) == 0
	some r in sysctl.all_checked["SYS-010"]
}

fail contains f if {
	count(users) == 0
	some f in sysctl.all_fail["SYS-010"]
}

unknown contains u if {
	count(users) == 0
	some u in sysctl.all_unknown["SYS-010"]
}

not_applicable contains n if {
	count(users) == 0
	some n in sysctl.all_not_applicable["SYS-010"]
}

not_applicable contains {
	"resource": "sysctl:user.max_user_namespaces",
	"reason": sprintf("these components run in user namespaces: %s", [concat(", ", users)]),
} if {
	count(users) > 0
}
