# METADATA
# scope: package
# title: "Two mounts at one place"
# description: |-
#   Only one of them is seen; which one is easily misread.
# custom:
#   id: MNT-020
#   severity: medium
#   pack: baseline
#   controls: ["SSDF PW.9.1?"]
#   remediation: "Remove one of the mounts."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_020

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-020", c, {
	"path": lib.mount_path(p.i),
	"actual": m.destination,
	"expected": "one mount for each destination",
	"key": p.destination,
	"message": sprintf("%s mounts %s twice; the later one hides the other", [c.id, m.destination]),
	"fix": sprintf("remove one mount of %s from %s", [m.destination, c.id]),
	"edits": edit.without_mount(c, m.destination),
}) if {
	some p in lib.placed
	c := p.c
	m := p.m
	some other in lib.placed
	other.c.id == c.id
	other.i < p.i
	p.destination == other.destination
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
