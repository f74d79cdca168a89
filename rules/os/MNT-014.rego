# METADATA
# scope: package
# title: "Kernel settings not read-only"
# description: |-
#   LinuxKit makes none read-only: root in the container writes /proc/sys and /proc/sysrq-trigger,
#   and all of /sys where that is mounted writable.
# custom:
#   id: MNT-014
#   severity: medium
#   pack: hardened
#   controls: ["PSS-B /proc Mount Type"]
#   remediation: "Add `readonlyPaths` with the usual list."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_014

import data.seaworthy.edit
import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("MNT-014", c, {
	"path": "/linux/readonlyPaths",
	"actual": sort(have),
	"expected": sort(needed),
	"key": "readonlyPaths",
	"message": sprintf("%s could write to %s", [c.id, lib.one_line(missing)]),
	"fix": sprintf("add %s to the readonlyPaths of %s", [lib.one_line(missing), c.id]),
	"edits": edit.with_missing(c, "readonlyPaths", sort(missing)),
}) if {
	some c in lib.services
	have := {lib.clean(p) | some p in lib.arr(object.get(c.spec, ["linux", "readonlyPaths"], []))}
	open := [p | some p in lib.placed_in[c.id]; lib.writable(p.m)]
	needed := lib.kernel_paths(given.params.readonly_paths, open) | device_trees(c, open)
	missing := {path | some path in needed; not fixed(c, path)}
	count(missing) > 0
}

# device_trees are the places of sysfs, where root writes settings of devices, of
# modules and of power: most ask who owns the file, and for no capability.
device_trees(c, open) := {p.destination |
	lib.uid(c) == 0
	lib.host_root(c)
	some p in open
	p.m.type == "sysfs"
}

# fixed: what is masked cannot be written to either.
fixed(c, path) if {
	some key in ["readonlyPaths", "maskedPaths"]
	lib.listed(c, key, path)
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
