# METADATA
# scope: package
# title: "Bind mount without options"
# description: |-
#   LinuxKit makes rw,rbind,rshared of it: writable, with everything below, and mounts spread both ways.
# custom:
#   id: MNT-002
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.20", "800-190 4.5.5?"]
#   remediation: "Say what the bind is for: `SOURCE:DEST:ro` or `SOURCE:DEST:rw,rbind,rprivate`."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_002

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-002", c, {
	"path": p.path,
	"actual": lib.options(m),
	"expected": "options that os.yml names",
	"key": p.key,
	"message": sprintf("%s binds %s without options: writable, and mounts spread both ways", [c.id, m.source]),
	"fix": sprintf("write %s:%s:ro in the binds of %s where it only reads there, else %s:%s:rw,rbind,rprivate, which keeps mounts from spreading", [m.source, m.destination, c.id, m.source, m.destination]),
	"edits": edits(p),
}) if {
	some p in lib.placed
	c := p.c
	m := p.m
	{o | some o in lib.options(m)} == {"rw", "rbind", "rshared"}
}

# What belongs to the host is not to be written to; data may be.
edits(p) := edit.remount_placed(p, {"rw", "rshared"}, ["ro"]) if {
	some path in p.shows
	the_hosts(path)
} else := edit.remount_placed(p, {"rshared"}, ["rw", "rbind", "rprivate"])

the_hosts(path) if {
	some dir in lib.system_folders
	lib.under(path, dir)
	not lib.under(path, "/containers/volumes")
}

the_hosts(path) if lib.is_kernel_path(path)

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
