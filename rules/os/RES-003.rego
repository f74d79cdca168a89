# METADATA
# scope: package
# title: "No limit on processor time"
# description: |-
#   An attacker who keeps the service busy can slow down all other services.
# custom:
#   id: RES-003
#   severity: low
#   pack: strict
#   controls: ["CIS-D 5.12"]
#   remediation: "Add `resources: {cpu: {shares: 512}}`."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.RES_003

import data.seaworthy.edit
import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("RES-003", c, {
	"path": "/linux/resources/cpu",
	"actual": "none",
	"expected": "shares or a quota",
	"key": "cpu",
	"message": sprintf("%s can use all processor time", [c.id]),
	"fix": sprintf("add `resources: {cpu: {shares: 512}}` to %s", [c.id]),
	"edits": edit.limit(c, "cpu", "shares", 512),
}) if {
	some c in lib.services
	not shared(c)
}

# shared: a list of processors (cpuset) is not a limit on time. A quota for more
# processors than a machine has is not a limit either.
shared(c) if cpu(c, "shares") > 0

shared(c) if {
	cpu(c, "quota") > 0
	cpu(c, "quota") < object.get(c.spec, ["linux", "resources", "cpu", "period"], 100000) * given.params.no_limit.cpus
}

shared(c) if lib.unified(c)["cpu.weight"]

shared(c) if {
	[[_, quota, period]] := regex.find_all_string_submatch_n(`^([0-9]{1,15})(?: ([0-9]{1,15}))?$`, lib.unified(c)["cpu.max"], 1)
	to_number(quota) < to_number(first_of(period, "100000")) * given.params.no_limit.cpus
}

cpu(c, key) := object.get(c.spec, ["linux", "resources", "cpu", key], 0)

first_of(text, otherwise) := text if {
	text != ""
} else := otherwise
