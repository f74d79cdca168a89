# METADATA
# scope: package
# title: "Bind of the host's root filesystem"
# description: |-
#   An attacker in the container can read the whole system. If the mount is writable,
#   the attacker controls the host.
# custom:
#   id: MNT-004
#   severity: critical
#   pack: baseline
#   controls: ["CIS-D 5.6", "PSS-B HostPath", "800-190 4.5.5", "NSA allowedHostPaths"]
#   remediation: "Bind only the folder that the component needs."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_004

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-004", c, {
	"path": p.path,
	"actual": lib.named_paths(p, {"/"}),
	"expected": "a folder below the root, by a path that does not depend on links of an image",
	"key": p.key,
	"message": sprintf("%s sees the whole root filesystem of the host at %s", [c.id, m.destination]),
	"fix": sprintf("bind only the folder that %s needs, instead of / at %s. The suggested edit removes the mount. %s", [c.id, m.destination, edit.loss_note(c, sprintf("mount at %s", [m.destination]))]),
	"edits": edit.without_placed_mount(p),
}) if {
	some p in lib.placed
	c := p.c
	m := p.m
	"/" in p.shows
}
