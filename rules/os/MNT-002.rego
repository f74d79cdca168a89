# METADATA
# scope: package
# title: "Bind mount without options"
# description: |-
#   LinuxKit mounts such a bind with rw,rbind,rshared. An attacker in the container can
#   write to the source and to everything mounted below it. Mounts that the attacker
#   makes there also appear on the host.
# custom:
#   id: MNT-002
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.20", "800-190 4.5.5?"]
#   remediation: "Write the options of the bind: `SOURCE:DEST:ro` or `SOURCE:DEST:rw,rbind,rprivate`."
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
	"expected": "options that are written in os.yml",
	"key": p.key,
	"message": sprintf("%s binds %s without options: the bind is writable, and mounts propagate in both directions", [c.id, m.source]),
	"fix": sprintf("write %s:%s:ro in the binds of %s if it only reads there. Otherwise write %s:%s:rw,rbind,rprivate, so that mounts do not propagate", [m.source, m.destination, c.id, m.source, m.destination]),
	"edits": edits(p),
}) if {
	some p in lib.placed
	c := p.c
	m := p.m
	{o | some o in lib.options(m)} == {"rw", "rbind", "rshared"}
}

# System folders of the host become read-only. Data stays writable.
edits(p) := edit.remount_placed(p, {"rw", "rshared"}, ["ro"]) if {
	some path in p.shows
	host_owned(path)
} else := edit.remount_placed(p, {"rshared"}, ["rw", "rbind", "rprivate"])

host_owned(path) if {
	some dir in lib.system_folders
	lib.under(path, dir)
	not lib.under(path, "/containers/volumes")
}

host_owned(path) if lib.is_kernel_path(path)
