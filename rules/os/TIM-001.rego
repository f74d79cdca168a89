# METADATA
# scope: package
# title: "Nothing keeps the time"
# description: |-
#   Certificates and logs need the right time, and a clock that nothing corrects
#   drifts. Counted are components that set it (data.params.time_components).
# custom:
#   id: TIM-001
#   severity: low
#   pack: hardened
#   controls: ["SRG-OS-000355-GPOS-00143"]
#   remediation: "Add a component that sets the clock, such as chrony or openntpd."
#   inputs: ["image"]
#   since: 0.1.0
package seaworthy.rules.TIM_001

import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.image_resource

present if {
	some c in input.components
	c.section in {"onboot", "services"}
	lib.is_one_of(c, given.params.time_components)
}

fail contains {
	"id": "TIM-001",
	"resource": lib.image_resource,
	"path": "",
	"actual": "no such component",
	"expected": "a component that sets the clock",
	"key": "absent",
	"message": "nothing corrects the clock: certificates and logs count on it",
	"fix": "Add a component that sets the clock, such as chrony or openntpd.",
} if not present
