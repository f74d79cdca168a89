# METADATA
# scope: package
# title: "Container runtime socket in a container"
# description: |-
#   An attacker who can connect to the container runtime can start a container without
#   any isolation. The attacker can then become root on the host.
# custom:
#   id: MNT-007
#   severity: critical
#   pack: baseline
#   controls: ["CIS-D 5.32", "800-190 4.4.3", "PSS-B HostPath"]
#   remediation: "Remove the bind."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_007

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-007", c, {
	"path": p.path,
	"actual": lib.named_paths(p, sockets),
	"expected": "no runtime socket",
	"key": p.key,
	"message": sprintf("%s can start containers through %s", [c.id, lib.named_paths(p, sockets)]),
	"fix": sprintf("remove the mount at %s from %s. %s", [m.destination, c.id, edit.loss_note(c, sprintf("mount at %s", [m.destination]))]),
	"edits": edit.without_placed_mount(p),
}) if {
	some p in lib.placed
	c := p.c
	m := p.m
	sockets := {path | some path in p.shows; lib.leads_to_socket(path)}
	count(sockets) > 0
}
