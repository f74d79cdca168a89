# METADATA
# scope: package
# title: "Container runtime socket"
# description: |-
#   Who talks to the runtime starts containers without any wall.
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
import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-007", c, {
	"path": lib.mount_path(p.i),
	"actual": m.source,
	"expected": "no runtime socket",
	"key": sprintf("%s", [m.destination]),
	"message": sprintf("%s can start containers through %s", [c.id, m.source]),
	"fix": sprintf("remove the bind of %s from %s", [m.source, c.id]),
	"edits": edit.without_mount(c, m.destination),
}) if {
	some p in lib.placed
	p.bind
	c := p.c
	m := p.m
	some name in array.concat(given.params.runtime_sockets, ["containerd", "crio", "docker"])
	p.source in {concat("/", ["/run", name]), concat("/", ["/run/containerd", name]), concat("/", ["/run/crio", name]), concat("/", ["/run/podman", name])}
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
