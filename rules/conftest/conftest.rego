# METADATA
# description: |-
#   The adapter for conftest, which reads the set `deny` of the package main. The
#   facts come from `seaworthy facts`. data.seaworthy.active lists the active packs;
#   without it, all packs are active. An unknown result is denied too.
package main

import data.seaworthy.given
import data.seaworthy.outcome

deny contains denial(f, f.message) if {
	some f in data.seaworthy.rules[package_of[_]].fail
}

# A rule that has no `fail` leaves it to the engine. It is `found` without allowances.
deny contains denial(f, f.message) if {
	some name in package_of
	not data.seaworthy.rules[name].fail
	some f in outcome.fail(data.seaworthy.rules[name].found)
}

deny contains denial(object.union(u, {"id": id}), sprintf("unknown: %s", [u.reason])) if {
	some id, name in package_of
	some u in data.seaworthy.rules[name].unknown
}

# denial is a message of one line, with fields for programs.
denial(f, text) := {
	"msg": sprintf("%s %s: %s", [f.id, f.resource, text]),
	"id": f.id,
	"resource": f.resource,
	"key": object.get(f, "key", ""),
}

# package_of has the Rego packages of the active rules, by id.
package_of[id] := replace(id, "-", "_") if some id in pack_rules[_]

pack_rules[pack] := packs[pack].rules if some pack in given.packs

# packs are the packs by name. conftest puts packs/*.yaml at the root, and opa below
# `packs`.
packs := data.packs if {
	data.packs
} else := {"baseline": data.baseline, "hardened": data.hardened, "strict": data.strict}
