# METADATA
# scope: package
# title: "Writable cgroup tree"
# description: |-
#   Who writes there lifts limits and, with release agents, runs programs on the host.
# custom:
#   id: MNT-008
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.6", "800-190 4.5.5", "PSS-B HostPath"]
#   remediation: "Mount it read-only."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_008

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

cgroup_mount(m) if {
	lib.is_bind(m)
	lib.under(lib.source(m), "/sys/fs/cgroup")
}

cgroup_mount(m) if m.type in {"cgroup", "cgroup2"}

found contains lib.finding("MNT-008", c, {
	"path": lib.mount_path(p.i),
	"actual": "writable",
	"expected": "read-only",
	"key": sprintf("%s", [m.destination]),
	"message": sprintf("%s can change the limits of every container", [c.id]),
	"fix": sprintf("mount %s read-only at %s", [m.destination, c.id]),
	"edits": edit.read_only(c, m.destination),
}) if {
	some p in lib.placed
	p.writable
	c := p.c
	m := p.m
	cgroup_mount(m)
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
