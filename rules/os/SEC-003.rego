# METADATA
# scope: package
# title: "Profile allows dangerous system calls"
# description: |-
#   The profile allows calls that only make sense with a capability that the service
#   does not hold, or large parts of the kernel that no capability guards. Comparing
#   arguments takes nothing back: the call passes with those that are met.
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
	"message": sprintf("the seccomp profile of %s allows %s, which %s", [c.id, lib.one_line(names), reason(need)]),
	"fix": sprintf("use `seccomp: default` at %s", [c.id]),
	"edits": edit.with_seccomp(c),
}) if {
	some c in lib.services
	through := lib.passed_calls(c)
	some need, calls in dangerous
	not need in held(c)
	names := calls & through
	count(names) > 0
}

# dangerous are the system calls by the capability that each is asked for; "" are
# those that anybody may make.
dangerous[need] contains name if some name, need in given.params.dangerous_syscalls

# held: CAP_SYS_ADMIN was split up, and still does what its parts do.
held(c) := lib.caps(c) | {part | "CAP_SYS_ADMIN" in lib.caps(c); some part in {"CAP_BPF", "CAP_CHECKPOINT_RESTORE", "CAP_PERFMON", "CAP_SYSLOG"}}

expected("") := "not at all"

expected(need) := sprintf("not without %s", [need]) if need != ""

key("") := "unguarded"

key(need) := need if need != ""

reason("") := "no capability guards"

reason(need) := "it has no capability for" if need != ""

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
