# METADATA
# scope: package
# title: "Two mounts at the same destination"
# description: |-
#   Only one of the mounts is visible. A reviewer can easily look at the wrong
#   mount, and so miss a dangerous mount.
# custom:
#   id: MNT-020
#   severity: medium
#   pack: baseline
#   controls: ["SSDF PW.9.1?"]
#   remediation: "Remove all mounts at the destination but one."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_020

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-020", c, {
	"path": p.path,
	"actual": m.destination,
	"expected": "one mount for each destination",
	"key": p.destination,
	"message": sprintf("%s has %d mounts at %s; the last one hides the others", [c.id, count(there), place]),
	"fix": sprintf("remove all mounts at %s but one from %s. Hidden mounts have no effect: the suggested edit removes them. If a hidden mount is a default mount, the edit removes the last mount instead. To keep both, give one of them another destination", [place, c.id]),
	"edits": edits(p, hidden),
}) if {
	some c in lib.containers
	all := lib.placed_in[c.id]
	places := {p.destination | some p in all}
	count(places) < count(all)
	some place in places
	there := [p | some p in all; p.destination == place]
	count(there) > 1
	p := there[count(there) - 1]
	m := p.m
	hidden := [q | some q in there; q.path != p.path]
}

# The edit removes the hidden mounts and keeps the visible one. If an edit cannot
# distinguish the two, there is no edit.
edits(p, hidden) := edit.without_placed_mount(p) if {
	some q in hidden
	by_default(q)
} else := [] if {
	some q in hidden
	q.m.destination == p.m.destination
	startswith(q.path, "/") == startswith(p.path, "/")
} else := [e | some e in {e | some q in hidden; some e in edit.without_placed_mount(q)}]

by_default(q) if lib.origin_layer(q.c, q.path) == "default"
