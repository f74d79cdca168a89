# METADATA
# scope: package
# title: "Kernel modules can be changed or loaded"
# description: |-
#   An attacker can put code into the kernel if /lib/modules is writable, or if the
#   component has /lib/modules and CAP_SYS_MODULE.
# custom:
#   id: MNT-009
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.6", "ANSSI R10?", "ANSSI R18?", "PSS-B HostPath"]
#   remediation: "Bind /lib/modules read-only, and only in components that must load modules."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_009

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

danger(c, m) := "writable" if {
	lib.writable(m)
} else := "with CAP_SYS_MODULE" if "CAP_SYS_MODULE" in lib.host_caps(c)

among_modules(path) if {
	some dir in modules_folders
	lib.under(path, dir)
}

# A folder that contains the modules. MNT-004 covers the host's whole root.
among_modules(path) if {
	path != "/"
	some dir in modules_folders
	lib.under(dir, path)
}

modules_folders := {"/lib/modules", "/usr/lib/modules"}

found contains lib.finding("MNT-009", c, {
	"path": p.path,
	"actual": sprintf("%s, %s", [m.source, why]),
	"expected": "read-only, and no CAP_SYS_MODULE",
	"key": p.key,
	"message": sprintf("the kernel modules are mounted in %s, %s", [c.id, why]),
	"fix": sprintf("write %s:%s:ro in the binds of %s, and remove CAP_SYS_MODULE from it. %s. A component that loads modules at boot belongs in onboot, with an allowance", [m.source, m.destination, c.id, edit.loss_note(c, "way to load or replace modules")]),
	"edits": edit.unless_needed([edit.read_only(p), edit.without_caps(c, {"CAP_SYS_MODULE"})], edit.needed(c, {"CAP_SYS_MODULE"})),
}) if {
	some p in lib.placed
	c := p.c
	m := p.m
	some path in p.shows
	among_modules(path)
	why := danger(c, m)
}
