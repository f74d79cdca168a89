# METADATA
# scope: package
# title: "Writable bind of system folders"
# description: |-
#   Who writes to the host's programs or settings decides what the host does.
# custom:
#   id: MNT-005
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.6", "PSS-B HostPath", "800-190 4.5.5"]
#   remediation: "Make the bind read-only, or bind a folder below /var or /run."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_005

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-005", c, {
	"path": lib.mount_path(p.i),
	"actual": sprintf("%s, writable", [m.source]),
	"expected": "read-only",
	"key": sprintf("%s", [m.destination]),
	"message": sprintf("%s can write to %s of the host", [c.id, m.source]),
	"fix": sprintf("write %s:%s:ro in the binds of %s", [m.source, m.destination, c.id]),
	"edits": edit.read_only(c, m.destination),
}) if {
	some p in lib.placed
	p.bind
	p.writable
	c := p.c
	m := p.m
	some dir in {"/etc", "/boot", "/usr", "/lib", "/lib64", "/bin", "/sbin", "/containers", "/init"}
	lib.under(p.source, dir)
	not lib.under(p.source, "/etc/resolv.conf")
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
