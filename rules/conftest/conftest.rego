# METADATA
# description: |-
#   The rules as conftest wants them: package main, one set `deny`. Facts come
#   from `seaworthy facts`; the packs that count are data.seaworthy.active, all
#   where nobody says which. What a rule cannot tell is denied too, for a
#   missing input is never a pass.
package main

import data.seaworthy.given

deny contains told(f, f.message) if {
	some f in data.seaworthy.rules[package_of[_]].fail
}

deny contains told(object.union(u, {"id": id}), sprintf("cannot be told: %s", [u.reason])) if {
	some id, name in package_of
	some u in data.seaworthy.rules[name].unknown
}

# told is one line, and beside it what a program wants to know.
told(f, text) := {
	"msg": sprintf("%s %s: %s", [f.id, f.resource, text]),
	"id": f.id,
	"resource": f.resource,
	"key": object.get(f, "key", ""),
}

# package_of has the packages of the rules that count, by id.
package_of[id] := replace(id, "-", "_") if some id in pack_rules[_]

pack_rules[pack] := packs[pack].rules if some pack in given.packs

# conftest puts packs/*.yaml at the root, opa below `packs`.
packs := data.packs if {
	data.packs
} else := {"baseline": data.baseline, "hardened": data.hardened, "strict": data.strict}
