# METADATA
# scope: package
# title: "Bind of /dev, /proc or /sys"
# description: |-
#   The kernel's own folders let a container act on the host.
# custom:
#   id: MNT-006
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.6", "CIS-D 5.18", "PSS-B HostPath", "800-190 4.5.5", "PSS-B /proc Mount Type?"]
#   remediation: "Name the devices under `devices`, or use the container's own /proc and /sys."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_006

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-006", c, {
	"path": lib.mount_path(p.i),
	"actual": m.source,
	"expected": "no bind of it",
	"key": sprintf("%s", [m.destination]),
	"message": sprintf("%s sees %s of the host", [c.id, m.source]),
	"fix": sprintf("remove the bind of %s from %s; name single devices under `devices`", [m.source, c.id]),
	"edits": edit.without_mount(c, m.destination),
}) if {
	some p in lib.placed
	p.bind
	c := p.c
	m := p.m
	some dir in {"/dev", "/proc", "/sys"}
	lib.under(p.source, dir)
	not lib.under(p.source, "/sys/fs/cgroup")
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
