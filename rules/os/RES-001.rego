# METADATA
# scope: package
# title: "No limit on processes"
# description: |-
#   A fork bomb in one service stops all others.
# custom:
#   id: RES-001
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.29", "CRA I.I(2)(h)"]
#   remediation: "Add `resources: {pids: {limit: 100}}`"
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.RES_001

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("RES-001", c, {
	"path": "/linux/resources/pids/limit",
	"actual": lib.limit_said(c, "pids.max"),
	"expected": "a limit",
	"key": "pids",
	"message": sprintf("%s may start any number of processes", [c.id]),
	"fix": sprintf("add `resources: {pids: {limit: 100}}` to %s, or as many as it starts under load", [c.id]),
	"edits": edit.limit(c, "pids", "limit", 100),
}) if {
	some c in lib.services
	lib.pids_limit(c) <= 0
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
