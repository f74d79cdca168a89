# METADATA
# scope: package
# title: "The host's root is bound"
# description: |-
#   The whole system lies open in the container.
# custom:
#   id: MNT-004
#   severity: critical
#   pack: baseline
#   controls: ["CIS-D 5.6", "PSS-B HostPath", "800-190 4.5.5"]
#   remediation: "Bind only the folder that is needed."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_004

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-004", c, {
	"path": lib.mount_path(p.i),
	"actual": m.source,
	"expected": "a folder below the root",
	"key": sprintf("%s", [m.destination]),
	"message": sprintf("%s sees the whole root filesystem of the host at %s", [c.id, m.destination]),
	"fix": sprintf("remove the bind of / from %s", [c.id]),
	"edits": edit.without_mount(c, m.destination),
}) if {
	some p in lib.placed
	p.bind
	c := p.c
	m := p.m
	p.source == "/"
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
