# METADATA
# scope: package
# title: "Service with capabilities that affect the whole system"
# description: |-
#   All containers share BPF, performance counters, the kernel log, reboot and the clock. An
#   attacker who takes over the service can use them against the whole system. A component
#   with all capabilities is a finding of CAP-001 or CAP-002 instead.
# custom:
#   id: CAP-007
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.4", "PSS-B Capabilities"]
#   remediation: "Remove the capability, or give the component an allowance with a reason."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.CAP_007

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("CAP-007", c, {
	"path": "/process/capabilities",
	"actual": name,
	"expected": sprintf("no %s", [name]),
	"key": name,
	"message": sprintf("%s has %s: it affects the whole system", [c.id, name]),
	"fix": edit.caps_fix(c, {name}),
	"edits": edit.without_caps(c, {name}),
}) if {
	some c in lib.services
	some name in (lib.host_caps(c) & {"CAP_BPF", "CAP_PERFMON", "CAP_SYSLOG", "CAP_SYS_BOOT", "CAP_SYS_TIME"})
	not lib.all_caps(c)
}
