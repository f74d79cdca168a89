# METADATA
# scope: package
# title: "Modules folder that can be changed or loaded"
# description: |-
#   A writable /lib/modules, or one beside CAP_SYS_MODULE, puts code into the kernel.
# custom:
#   id: MNT-009
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.6", "ANSSI R10?", "ANSSI R18?", "PSS-B HostPath"]
#   remediation: "Bind /lib/modules read-only, and only where modules must be loaded."
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

# A folder that they lie in; the host's whole root is MNT-004's.
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
	"message": sprintf("%s has the kernel's modules, %s", [c.id, why]),
	"fix": sprintf("write %s:%s:ro in the binds of %s, without CAP_SYS_MODULE. %s. What loads modules at boot belongs into onboot, with an allowance", [m.source, m.destination, c.id, edit.loss_note(c, "way to load or replace modules")]),
	"edits": edit.unless_needed([edit.read_only(p), edit.without_caps(c, {"CAP_SYS_MODULE"})], edit.needed(c, {"CAP_SYS_MODULE"})),
}) if {
	some p in lib.placed
	c := p.c
	m := p.m
	some path in p.shows
	among_modules(path)
	why := danger(c, m)
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
