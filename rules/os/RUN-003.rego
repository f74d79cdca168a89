# METADATA
# scope: package
# title: "Capabilities without effect"
# description: |-
#   A program that another user than root starts holds the ambient capabilities alone, and those of its file. What else the component is given, it never has.
# custom:
#   id: RUN-003
#   severity: low
#   pack: hardened
#   controls: []
#   remediation: "Remove them, or give them as `ambient` too."
#   inputs: ["spec", "image"]
#   since: 0.1.0
package seaworthy.rules.RUN_003

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

# A file that was not looked at may give them.
unknown contains {"resource": lib.resource(c), "reason": lib.unseen_files(c)} if {
	some c in lib.containers
	count(idle(c)) > 0
	not lib.no_new_privileges(c)
}

# idle are those that another user's program does not hold by itself.
idle(c) := lib.caps(c) - lib.ambient(c) if lib.uid(c) != 0

found contains lib.finding("RUN-003", c, {
	"path": "/process/capabilities",
	"actual": sort(unused),
	"expected": "capabilities that the program comes to hold",
	"key": "capabilities",
	"message": sprintf("%s has %s listed, and as uid %d never holds it", [c.id, lib.one_line(unused), lib.uid(c)]),
	"fix": edit.unusable_caps_fix(c, unused),
	"edits": edit.without_unusable_caps(c, unused),
}) if {
	some c in lib.containers
	unused := idle(c) - by_files(c)
	count(unused) > 0
	not raises(c)
}

# by_files are the capabilities that its files give to whoever runs them.
# Whether the image holds them is RUN-004's.
by_files(c) := {upper(name) |
	not lib.no_new_privileges(c)
	some f in lib.privileged_files(c, "fileCaps")
	some name in split(object.get(f, "kind", ""), ",")
}

# raises: some file may give its process any capability. noNewPrivileges forbids
# it; a file that was not looked at may be one.
raises(c) if {
	not lib.no_new_privileges(c)
	lib.unseen_files(c)
}

raises(c) if {
	not lib.no_new_privileges(c)
	count(lib.privileged_files(c, "setid")) > 0
}

# Which it gives was not read.
raises(c) if {
	not lib.no_new_privileges(c)
	some f in lib.privileged_files(c, "fileCaps")
	not startswith(object.get(f, "kind", ""), "cap_")
}

# What a disk or another component brings is not known.
raises(c) if {
	not lib.no_new_privileges(c)
	some p in lib.placed_in[c.id]
	lib.is_bind(p.m)
	not lib.has_flag(p.m, "nosuid")
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
