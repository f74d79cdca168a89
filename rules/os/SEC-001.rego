# METADATA
# scope: package
# title: "Service without a seccomp profile"
# description: |-
#   An attacker in the service can make every system call, and so use a flaw in any part
#   of the kernel.
# custom:
#   id: SEC-001
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.22", "PSS-R Seccomp", "CRA I.I(2)(k)", "PSS-B Seccomp?", "800-190 4.4.3", "NSA seccomp"]
#   remediation: "Add `seccomp: default`."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.SEC_001

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("SEC-001", c, {
	"path": "/linux/seccomp",
	"actual": null,
	"expected": "a profile",
	"key": "seccomp",
	"message": sprintf("%s can make every system call", [c.id]),
	"fix": sprintf("add `seccomp: default` to %s", [c.id]),
	"edits": edit.with_seccomp(c),
}) if {
	some c in lib.services
	not lib.has_seccomp(c)
}
