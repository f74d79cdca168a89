# METADATA
# scope: package
# title: "Nothing keeps logs"
# description: |-
#   Without a log nobody sees what happened. Counted are components that collect
#   logs (data.params.log_components), in any section. seaworthy/init is one: it
#   keeps what each container writes in a bounded file, until the power goes.
# custom:
#   id: LOG-001
#   severity: medium
#   pack: hardened
#   controls: ["CRA I.I(2)(l)?", "ANSSI R71"]
#   remediation: "Add a component that keeps logs, such as seaworthy/init, memlogd or fluent-bit."
#   inputs: ["image"]
#   since: 0.1.0
package seaworthy.rules.LOG_001

import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.image_resource

# A volume or what runs at shutdown keeps no logs, whatever it is called.
present if {
	some c in input.components
	c.section in {"init", "onboot", "services"}
	lib.is_one_of(c, given.params.log_components)
}

fail contains {
	"id": "LOG-001",
	"resource": lib.image_resource,
	"path": "",
	"actual": "no such component",
	"expected": "a component that keeps logs",
	"key": "absent",
	"message": "nothing keeps what the services write: nobody will see what happened",
	"fix": "Add a component that keeps logs, such as seaworthy/init, memlogd or fluent-bit.",
} if not present
