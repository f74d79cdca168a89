# METADATA
# scope: package
# title: "Kernel settings not read-only"
# description: |-
#   LinuxKit makes none read-only: root in the container writes /proc/sys and /proc/sysrq-trigger.
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
	"expected": given.params.readonly_paths,
	"key": "readonlyPaths",
	"message": sprintf("%s could write to %s", [c.id, lib.one_line(missing)]),
	"fix": sprintf("add %s to the readonlyPaths of %s", [lib.one_line(missing), c.id]),
	"edits": edit.with_all(c, "readonlyPaths", sort(missing)),
}) if {
	some c in lib.services
	have := {lib.clean(p) | some p in object.get(c.spec, ["linux", "readonlyPaths"], [])}
	missing := {p | some p in given.params.readonly_paths} - have
	count(missing) > 0
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
