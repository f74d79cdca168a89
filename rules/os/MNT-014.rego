# METADATA
# scope: package
# title: "Kernel settings are not read-only"
# description: |-
#   LinuxKit makes no paths read-only. An attacker who is root in the container can
#   write to /proc/sys and /proc/sysrq-trigger. The attacker can also write to all of
#   /sys if it is mounted writable.
# custom:
#   id: MNT-014
#   severity: medium
#   pack: hardened
#   controls: ["PSS-B /proc Mount Type"]
#   remediation: "Add `readonlyPaths` with the paths of data.params.readonly_paths."
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
	"message": sprintf("%s can write to %s", [c.id, lib.one_line(missing)]),
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

# device_trees are the mount points of sysfs. Root can write settings of devices,
# modules and power there: most files check only the owner, and no capability.
device_trees(c, open) := {p.destination |
	lib.uid(c) == 0
	lib.host_root(c)
	some p in open
	p.m.type == "sysfs"
}

# fixed: a masked path cannot be written to either.
fixed(c, path) if {
	some key in ["readonlyPaths", "maskedPaths"]
	lib.listed(c, key, path)
}
