# METADATA
# scope: package
# title: "Profile allows dangerous system calls"
# description: |-
#   The profile allows calls that only make sense with a capability that the service does not hold.
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
	"expected": sprintf("not without %s", [need]),
	"key": need,
	"message": sprintf("the seccomp profile of %s allows %s, which it has no capability for", [c.id, lib.one_line(names)]),
	"fix": sprintf("use `seccomp: default` at %s", [c.id]),
	"edits": edit.filtered(c),
}) if {
	some c in lib.services
	not "CAP_SYS_ADMIN" in lib.caps(c)
	through := lib.let_through(c)
	some need, calls in dangerous
	not need in lib.caps(c)
	names := calls & through
	count(names) > 0
}

# dangerous are the system calls that each capability is asked for.
dangerous[need] contains name if some name, need in given.params.dangerous_syscalls

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
