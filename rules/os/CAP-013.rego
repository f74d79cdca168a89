# METADATA
# scope: package
# title: "Service with inheritable capabilities"
# description: |-
#   A program with inheritable file capabilities gets these capabilities when the service
#   starts it. An attacker can make the service start it. Docker no longer sets inheritable
#   capabilities (CVE-2022-24769). LinuxKit still copies the bounding set to them.
# custom:
#   id: CAP-013
#   severity: low
#   pack: strict
#   controls: ["800-190 4.4.3?"]
#   remediation: "Remove the capabilities. LinuxKit makes each capability of a service inheritable: waive the finding if the service needs one."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.CAP_013

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("CAP-013", c, {
	"path": "/process/capabilities/inheritable",
	"actual": sort(names),
	"expected": [],
	"key": "inheritable",
	"message": sprintf("%s passes %s to programs with file capabilities that it starts", [c.id, lib.one_line(names)]),
	"fix": edit.caps_fix(c, names),
	"edits": edit.without_caps(c, names),
}) if {
	some c in lib.services
	names := {n | some n in object.get(c.spec, ["process", "capabilities", "inheritable"], [])}
	count(names) > 0
	lib.uid(c) != 0
}
