# METADATA
# scope: package
# title: "Nothing keeps the time"
# description: |-
#   Certificates and logs need the right time, and a clock that nothing corrects
#   drifts. Counted are components that start a program which sets it
#   (data.params.time_components) and may do so; what they are called does not count.
# custom:
#   id: TIM-001
#   severity: low
#   pack: hardened
#   controls: ["SRG-OS-000355-GPOS-00143"]
#   remediation: "Add a component that sets the clock, such as chrony or openntpd."
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
	"message": "nothing corrects the clock: certificates and logs count on it",
	"fix": "Add a component that runs chronyd, ntpd or another program of data.params.time_components, with CAP_SYS_TIME. Where the hypervisor keeps the clock, waive this finding.",
} if not present
