# METADATA
# scope: package
# title: "Capabilities without effect"
# description: |-
#   A program that a user other than root starts has only the ambient capabilities and
#   the capabilities of its file. The other capabilities of the component have no
#   effect, so a reader of os.yml gets a wrong idea of its privileges.
# custom:
#   id: RUN-003
#   severity: low
#   pack: hardened
#   controls: []
#   remediation: "Remove the capabilities, or list them under `ambient` too."
#   inputs: ["spec", "image"]
#   since: 0.1.0
package seaworthy.rules.RUN_003

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

# A file that was not read may give them.
unknown contains {"resource": lib.resource(c), "reason": lib.unseen_files(c)} if {
	some c in lib.containers
	count(idle(c)) > 0
	not lib.no_new_privileges(c)
}

# idle are the capabilities that a program of a user other than root does not get
# from the spec.
idle(c) := lib.caps(c) - lib.ambient(c) if lib.uid(c) != 0

found contains lib.finding("RUN-003", c, {
	"path": "/process/capabilities",
	"actual": sort(unused),
	"expected": "capabilities that the program gets",
	"key": "capabilities",
	"message": sprintf("%s lists %s, which has no effect for uid %d", [c.id, lib.one_line(unused), lib.uid(c)]),
	"fix": edit.unusable_caps_fix(c, unused),
	"edits": edit.without_unusable_caps(c, unused),
}) if {
	some c in lib.containers
	unused := idle(c) - by_files(c)
	count(unused) > 0
	not raises(c)
}

# by_files are the capabilities that files of the component give to any user.
# RUN-004 checks whether the image format keeps them.
by_files(c) := {upper(name) |
	not lib.no_new_privileges(c)
	some f in lib.privileged_files(c, "fileCaps")
	some name in split(object.get(f, "kind", ""), ",")
}

# raises: some file may give its process any capability, unless noNewPrivileges is
# set. A file that was not read may be such a file.
raises(c) if {
	not lib.no_new_privileges(c)
	lib.unseen_files(c)
}

raises(c) if {
	not lib.no_new_privileges(c)
	count(lib.privileged_files(c, "setid")) > 0
}

# The capabilities of this file are not known.
raises(c) if {
	not lib.no_new_privileges(c)
	some f in lib.privileged_files(c, "fileCaps")
	not startswith(object.get(f, "kind", ""), "cap_")
}

# Files on a disk or from another component are not known.
raises(c) if {
	not lib.no_new_privileges(c)
	some p in lib.placed_in[c.id]
	lib.is_bind(p.m)
	not lib.has_flag(p.m, "nosuid")
}
