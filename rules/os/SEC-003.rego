# METADATA
# scope: package
# title: "seccomp profile allows dangerous system calls"
# description: |-
#   The profile allows calls that need a capability which the service does not have. Or
#   it allows calls that reach large parts of the kernel without any capability. An
#   attacker can use flaws in these parts. A condition on arguments does not protect: a
#   call with matching arguments is allowed.
# custom:
#   id: SEC-003
#   severity: high
#   pack: hardened
#   controls: ["800-190 4.4.3?", "CIS-D 5.22?"]
#   remediation: "Use `seccomp: default`, or remove the calls from the profile."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.SEC_003

import data.seaworthy.edit
import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("SEC-003", c, {
	"path": "/linux/seccomp/syscalls",
	"actual": sort(names),
	"expected": expected(need),
	"key": key(need),
	"message": sprintf("the seccomp profile of %s allows system calls that %s: %s", [c.id, reason(need), lib.one_line(names)]),
	"fix": sprintf("use `seccomp: default` for %s", [c.id]),
	"edits": edit.with_seccomp(c),
}) if {
	some c in lib.services
	through := lib.passed_calls(c)
	some need, calls in dangerous
	not need in held(c)
	names := calls & through
	count(names) > 0
}

# dangerous maps a capability to the system calls that require it. Calls that require
# no capability have the key "".
dangerous[need] contains name if some name, need in given.params.dangerous_syscalls

# held: newer capabilities were split off CAP_SYS_ADMIN, which still includes them.
held(c) := lib.caps(c) | {part | "CAP_SYS_ADMIN" in lib.caps(c); some part in {"CAP_BPF", "CAP_CHECKPOINT_RESTORE", "CAP_PERFMON", "CAP_SYSLOG"}}

expected("") := "not allowed"

expected(need) := sprintf("not allowed without %s", [need]) if need != ""

key("") := "unguarded"

key(need) := need if need != ""

reason("") := "no capability protects"

reason(need) := sprintf("need %s, which the service does not have", [need]) if need != ""
