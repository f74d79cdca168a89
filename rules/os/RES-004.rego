# METADATA
# scope: package
# title: "Service is exempt from the OOM killer"
# description: |-
#   When the service uses up the memory, the kernel kills other services instead of this
#   one.
# custom:
#   id: RES-004
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.11?"]
#   remediation: "Remove disableOOMKiller, or remove an oomScoreAdj below -500."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.RES_004

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("RES-004", c, {
	"path": "/linux/resources/memory/disableOOMKiller",
	"actual": true,
	"expected": false,
	"key": "disableOOMKiller",
	"message": sprintf("the OOM killer never kills %s when memory runs out", [c.id]),
	"fix": sprintf("remove disableOOMKiller from the resources of %s", [c.id]),
	"edits": edit.limit(c, "memory", "disableOOMKiller", false),
}) if {
	some c in lib.services
	object.get(c.spec, ["linux", "resources", "memory", "disableOOMKiller"], false) == true
}

found contains lib.finding("RES-004", c, {
	"path": "/process/oomScoreAdj",
	"actual": score,
	"expected": "-500 or more",
	"key": "oomScoreAdj",
	"message": sprintf("the OOM killer rarely kills %s when memory runs out: oomScoreAdj is %d", [c.id, score]),
	"fix": sprintf("remove oomScoreAdj from %s", [c.id]),
	"edits": edit.unset(c, "oomScoreAdj", 0),
}) if {
	some c in lib.services
	score := object.get(c.spec, ["process", "oomScoreAdj"], 0)
	score < -500
}
