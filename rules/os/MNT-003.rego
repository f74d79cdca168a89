# METADATA
# scope: package
# title: "Mounts propagate out of the container"
# description: |-
#   With shared propagation, an attacker in the container can make mounts that the host
#   and other containers see.
# custom:
#   id: MNT-003
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.20"]
#   remediation: "Use rprivate or rslave."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_003

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-003", c, {
	"path": p.path,
	"actual": o,
	"expected": "rprivate or rslave",
	"key": p.key,
	"message": sprintf("mounts that %s makes below %s also appear outside the container", [c.id, m.destination]),
	"fix": sprintf("replace %s with rslave in the mount at %s of %s. The host then does not see mounts that are made there. If it must see them, write an allowance or a waiver", [o, m.destination, c.id]),
	"edits": edit.remount_placed(p, {"shared", "rshared"}, ["rslave"]),
}) if {
	some p in lib.placed
	c := p.c
	m := p.m
	some o in lib.options(m)
	o in {"shared", "rshared"}
	{x | some x in lib.options(m)} != {"rw", "rbind", "rshared"}
	not object.get(c.spec, ["linux", "rootfsPropagation"], "") in {"shared", "rshared"}
}
