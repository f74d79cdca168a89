# METADATA
# scope: package
# title: "No component keeps logs"
# description: |-
#   Without logs an attack leaves no record to examine. A component keeps logs if it starts
#   a program of data.params.log_components; the name of the component does not matter.
#   docker.io/seaworthy/init keeps the output of each container in a file of limited size
#   until power-off.
# custom:
#   id: LOG-001
#   severity: medium
#   pack: hardened
#   controls: ["CRA I.I(2)(l)?", "ANSSI R71"]
#   remediation: "Add a component that keeps logs, for example seaworthy/init, memlogd or fluent-bit."
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

# The name includes the registry. INI-001 checks it too.
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
	"message": "no component keeps the output of the services: an attack leaves no record",
	"fix": "add a component that keeps logs, for example seaworthy/init, memlogd or fluent-bit",
} if not present
