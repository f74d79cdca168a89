# METADATA
# scope: package
# title: "No component sets the clock"
# description: |-
#   A clock that nothing corrects becomes wrong over time. A wrong clock lets an
#   attacker use expired certificates, and makes logs hard to use. The rule looks for a
#   component that starts a program of data.params.time_components and that is allowed to
#   set the clock. The name of a component does not count.
# custom:
#   id: TIM-001
#   severity: low
#   pack: hardened
#   controls: ["SRG-OS-000355-GPOS-00143"]
#   remediation: "Add a component that sets the clock, for example chrony or openntpd."
#   inputs: ["spec", "image"]
#   since: 0.1.0
package seaworthy.rules.TIM_001

import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.image_resource

present if {
	some c in lib.containers
	c.section in {"onboot", "services"}
	"CAP_SYS_TIME" in lib.caps(c)
	lib.host_root(c)
	lib.runs_one_of(c, {n | some n in given.params.time_components})
}

fail contains {
	"id": "TIM-001",
	"resource": lib.image_resource,
	"path": "",
	"actual": "no such component",
	"expected": "a component that sets the clock",
	"key": "absent",
	"message": "no component sets the clock: certificates and logs depend on the right time",
	"fix": "add a component that runs chronyd, ntpd or another program of data.params.time_components, with CAP_SYS_TIME. If the hypervisor sets the clock, waive this finding",
} if not present
