# METADATA
# scope: package
# title: "A container cannot read the files that are mounted into it"
# description: |-
#   Entries of `files` belong to root, and without `mode` only root can read them. A
#   container that does not run as root then gets an error at its first read, although
#   the mount exists. Reported if the container can read none of the files below the
#   source of a bind.
# custom:
#   id: RUN-006
#   severity: medium
#   pack: hardened
#   controls: []
#   remediation: "Give the file a mode that the user of the container can read, or its uid."
#   inputs: ["spec", "os.yml"]
#   since: 0.2.0
package seaworthy.rules.RUN_006

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("RUN-006", p.c, {
	"path": p.path,
	"actual": sprintf("%s: mode %s, uid %d, gid %d", [first.path, first.mode, first.uid, first.gid]),
	"expected": sprintf("a file that uid %d can read", [lib.uid(p.c)]),
	"key": p.key,
	"message": sprintf("%s runs as uid %d and cannot read %s, which it binds at %s", [p.c.id, lib.uid(p.c), first.path, p.m.destination]),
	"fix": sprintf("write `mode: \"%s\"` for %s in `files`. If the file is secret, write `uid: %d` and `mode: \"0400\"` instead", [for_all(first.mode), first.path, lib.uid(p.c)]),
	"edits": [e |
		some f in closed
		object.get(f, "secret", "") == ""
		some e in edit.set_op(edit.file(f), "/mode", for_all(f.mode))
	],
}) if {
	some p in lib.placed
	startswith(p.path, "/mounts")
	lib.is_bind(p.m)
	not "user" in {n.type | some n in lib.namespaces(p.c)}
	not ignores_modes(p.c)
	source := lib.host_path(p.m.source)
	inside := [f | some f in entries; f.type == "file"; lib.under(f.path, source)]
	count(inside) > 0
	every f in inside { count(barriers(p.c, f, source)) > 0 }
	closed := [f | some f in entries; some g in inside; f in barriers(p.c, g, source)]
	first := closed[0]
}

entries := lib.arr(input.files)

# barriers are the entries that keep a container from a file: the file itself, and
# folders between the source of the bind and the file.
barriers(c, file, source) := {f |
	some f in entries
	f == file
	not granted(c, f, 4)
} | {f |
	some f in entries
	f.type == "dir"
	lib.under(f.path, source)
	lib.under(file.path, f.path)
	not granted(c, f, 1)
}

# ignores_modes: the kernel does not apply the modes of files to the container.
ignores_modes(c) if {
	lib.uid(c) == 0
	count(lib.caps(c) & {"CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"}) > 0
}

ignores_modes(c) if count(lib.ambient(c) & {"CAP_DAC_OVERRIDE", "CAP_DAC_READ_SEARCH"}) > 0

# granted: the mode of a file gives the container read access (4), or lets it enter a
# folder (1).
granted(c, f, want) if bits.and(digit(c, f), want) == want

digit(c, f) := digits(f.mode)[0] if {
	f.uid == lib.uid(c)
} else := digits(f.mode)[1] if {
	f.gid in gids(c)
} else := digits(f.mode)[2]

gids(c) := {object.get(c.spec, ["process", "user", "gid"], 0)} | {g | some g in lib.arr(object.get(c.spec, ["process", "user", "additionalGids"], []))}

# digits are those of the owner, the group and others.
digits(mode) := [to_number(d) | some d in split(substring(padded, count(padded) - 3, -1), "")] if {
	padded := sprintf("00%s", [mode])
}

# for_all is a mode that lets all users read what the owner can read. The owner can
# read it too.
for_all(mode) := sprintf("0%d%d%d", [bits.or(own, 4), bits.or(d[1], open), bits.or(d[2], open)]) if {
	d := digits(mode)
	own := d[0]
	open := bits.or(4, bits.and(own, 1))
}
