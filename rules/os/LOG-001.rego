# METADATA
# scope: package
# title: "Nothing keeps logs"
# description: |-
#   Without a log nobody sees what happened. Counted are components that start a
#   program which collects logs (data.params.log_components); what they are called
#   does not count. docker.io/seaworthy/init keeps what each container writes in a
#   bounded file, until the power goes.
# custom:
#   id: LOG-001
#   severity: medium
#   pack: hardened
#   controls: ["CRA I.I(2)(l)?", "ANSSI R71"]
#   remediation: "Add a component that keeps logs, such as seaworthy/init, memlogd or fluent-bit."
#   inputs: ["spec", "image"]
#   since: 0.1.0
package seaworthy.rules.LOG_001

import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.image_resource

present if {
	some c in lib.containers
	c.section in {"onboot", "services"}
	lib.runs_one_of(c, {n | some n in given.params.log_components})
}

# The registry is part of the name: INI-001 holds init images to theirs.
present if {
	some c in input.components
	c.section == "init"
	lib.full_repository(c) == "docker.io/seaworthy/init"
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
