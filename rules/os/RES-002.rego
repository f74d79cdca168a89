# METADATA
# scope: package
# title: "No limit on memory"
# description: |-
#   A memory leak or an attacker in the service can use up the memory of all other
#   services.
# custom:
#   id: RES-002
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.11", "CRA I.I(2)(h)", "NSA resource"]
#   remediation: "Add `resources: {memory: {limit: 134217728}}`."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.RES_002

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("RES-002", c, {
	"path": "/linux/resources/memory/limit",
	"actual": lib.limit_text(c, "memory.max"),
	"expected": "a limit in bytes",
	"key": "memory",
	"message": sprintf("%s can use all memory", [c.id]),
	"fix": sprintf("add `resources: {memory: {limit: 134217728}}` to %s. If it uses more memory under load, set a higher limit: above the limit the kernel kills it", [c.id]),
	"edits": edit.limit(c, "memory", "limit", 134217728),
}) if {
	some c in lib.services
	lib.memory_limit(c) <= 0
}
