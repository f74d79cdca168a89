# METADATA
# scope: package
# title: "tmpfs without a size limit or safe options"
# description: |-
#   On a tmpfs without a size limit, an attacker can use up all memory. Without nosuid,
#   nodev and noexec, the attacker can store programs there and run them.
# custom:
#   id: MNT-012
#   severity: low
#   pack: hardened
#   controls: ["ANSSI R28", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Add the missing options, for example `/tmp:nosuid,nodev,noexec,size=16m`."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_012

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-012", c, {
	"path": p.path,
	"actual": lib.options(m),
	"expected": "nosuid, nodev, noexec and a size",
	"key": p.key,
	"message": sprintf("the %s at %s of %s lacks %s", [m.type, m.destination, c.id, lib.one_line(missing)]),
	"fix": sprintf("write %s:nosuid,nodev,noexec,size=16m in the tmpfs of %s", [m.destination, c.id]),
	"edits": limited(p, missing),
}) if {
	some p in lib.placed
	c := p.c
	m := p.m
	m.type in {"tmpfs", "ramfs"}
	missing := lib.missing_flags(m, flags(p.destination)) | {"size" | not sized(m)}
	count(missing) > 0
}

# The runtime creates the container's devices in its /dev.
flags("/dev") := {"nosuid"}

flags(destination) := {"nosuid", "nodev", "noexec"} if destination != "/dev"

# sized: the last of several sizes counts. Size 0 means no limit. A ramfs has no
# limit.
sized(m) if {
	m.type == "tmpfs"
	sizes := [o | some o in lib.data_options(m); size_option(o)]
	regex.match("=0*([1-9][0-9]*[kKmMgG]?|[1-9][0-9]?%)$", sizes[count(sizes) - 1])
}

# limited adds the missing options and removes those that cancel them. A ramfs
# cannot be limited.
limited(p, missing) := edit.remount_placed(p, lib.opposite_options(missing) | unsized, array.concat(sort(missing - {"size"}), size)) if {
	p.m.type == "tmpfs"
	unsized := {o | "size" in missing; some o in lib.options(p.m); some word in split(o, ","); size_option(word)}
	size := [s | "size" in missing; s := "size=16m"]
} else := []

size_option(o) if regex.match("^(size|nr_blocks)=", o)
