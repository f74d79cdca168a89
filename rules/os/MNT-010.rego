# METADATA
# scope: package
# title: "Bind of the whole /run or /var/run"
# description: |-
#   An attacker in the container can reach every socket of the host in this folder.
# custom:
#   id: MNT-010
#   severity: medium
#   pack: strict
#   controls: ["CIS-D 5.32", "CIS-D 5.6?", "PSS-B HostPath"]
#   remediation: "Bind only the folder or socket that the component needs."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_010

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-010", c, {
	"path": p.path,
	"actual": m.source,
	"expected": "a folder below /run",
	"key": p.key,
	"message": sprintf("%s sees every socket of the host in /run", [c.id]),
	"fix": sprintf("bind only the folder below %s that %s needs. The suggested edit removes the mount at %s. %s", [m.source, c.id, m.destination, edit.loss_note(c, sprintf("mount at %s", [m.destination]))]),
	"edits": edit.without_placed_mount(p),
}) if {
	some p in lib.placed
	c := p.c
	m := p.m
	"/run" in p.shows
}
