# METADATA
# scope: package
# title: "Read-only in name only"
# description: |-
#   The root is read-only, but a writable bind lies over its programs.
# custom:
#   id: JNT-010
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.13", "CRA I.I(2)(f)", "800-190 4.4.4"]
#   remediation: "Make the bind read-only, or bind it elsewhere."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.JNT_010

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

# programs are what a mount at the destination covers: system folders, all, or
# the program that the component runs.
programs(_, destination) := destination if programs_dir(destination)

programs(_, "/") := "everything"

programs(c, destination) := entrypoint if {
	not programs_dir(destination)
	destination != "/"
	entrypoint := lib.args(c)[0]
	startswith(entrypoint, "/")
	lib.under(lib.clean(entrypoint), destination)
}

programs_dir(destination) if {
	some dir in {"/usr", "/lib", "/lib64", "/bin", "/sbin"}
	lib.under(destination, dir)
}

found contains lib.finding("JNT-010", c, {
	"path": lib.mount_path(p.i),
	"actual": sprintf("readonly, and %s writable over %s", [m.source, covered]),
	"expected": "a read-only bind, or another place",
	"key": sprintf("%s", [m.destination]),
	"message": sprintf("%s has a read-only root, yet can change %s through the bind of %s", [c.id, covered, m.source]),
	"fix": sprintf("write %s:%s:ro in the binds of %s", [m.source, m.destination, c.id]),
	"edits": edit.read_only(c, m.destination),
}) if {
	some p in lib.placed
	p.bind
	p.writable
	c := p.c
	m := p.m
	lib.readonly_root(c)
	covered := programs(c, p.destination)
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
