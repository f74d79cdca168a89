# METADATA
# scope: package
# title: "Kernel files are not masked"
# description: |-
#   LinuxKit masks no paths. An attacker in the container can read data of the kernel
#   and of other processes in /proc/kcore, /proc/keys and other files.
# custom:
#   id: MNT-013
#   severity: medium
#   pack: hardened
#   controls: ["PSS-B /proc Mount Type"]
#   remediation: "Add `maskedPaths` with the paths of data.params.masked_paths."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_013

import data.seaworthy.edit
import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("MNT-013", c, {
	"path": "/linux/maskedPaths",
	"actual": sort(have),
	"expected": sort(needed),
	"key": "maskedPaths",
	"message": sprintf("%s sees %s", [c.id, lib.one_line(missing)]),
	"fix": sprintf("add %s to the maskedPaths of %s", [lib.one_line(missing), c.id]),
	"edits": edit.with_missing(c, "maskedPaths", sort(missing)),
}) if {
	some c in lib.services
	have := {lib.clean(p) | some p in lib.arr(object.get(c.spec, ["linux", "maskedPaths"], []))}
	needed := lib.kernel_paths(given.params.masked_paths, lib.placed_in[c.id])
	missing := {path | some path in needed; not lib.listed(c, "maskedPaths", path)}
	count(missing) > 0
}
