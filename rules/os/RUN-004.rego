# METADATA
# scope: package
# title: "File capabilities that the image format cannot hold"
# description: |-
#   A program that a user other than root starts gets the capabilities of its file. A
#   kernel+initrd image cannot hold file capabilities. The program then runs without
#   them, and the image differs from the system that was checked.
# custom:
#   id: RUN-004
#   severity: medium
#   pack: hardened
#   controls: []
#   remediation: "List the capabilities under `ambient` of the component, or build a format that holds file capabilities."
#   inputs: ["spec", "image", "files"]
#   since: 0.1.0
package seaworthy.rules.RUN_004

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

# Files that are not listed may have capabilities.
unknown contains {"resource": lib.resource(c), "reason": sprintf("%s: it is not known whether the file of its program has capabilities", [lib.files_unknown(c)])} if {
	some c in lib.containers
	count(losing) > 0
	count(by_file(c)) > 0
	count(lost(c)) == 0
}

unknown contains {"resource": lib.resource(c), "reason": sprintf("the format of the image is not known, and %s needs the capabilities of its file", [c.program.path])} if {
	some c in lib.containers
	count(lib.arr(input.formats)) == 0
	count(lost(c)) > 0
}

# losing are the formats of the build that drop attributes of files.
losing := {f.name | some f in lib.arr(input.formats); not f.attributes == true}

# by_file are the capabilities that a process of a user other than root can get
# only from its file. File capabilities have no effect in a user namespace without
# the host's root.
by_file(c) := {name |
	lib.uid(c) != 0
	lib.host_root(c)
	some name in (lib.caps(c) - lib.ambient(c))
}

# lost are the capabilities that the program has only in a format with attributes.
# Capabilities of a script have no effect.
lost(c) := by_file(c) & {upper(name) |
	c.program.state == "found"
	c.program.format != "script"
	some f in listed(c)
	f.path == c.program.path
	some name in split(object.get(f, "kind", ""), ",")
}

listed(c) := [f | lib.files_present(c); some f in lib.arr(c.files.fileCaps); not f.shadowed]

found contains lib.finding("RUN-004", c, {
	"path": "/process/args/0",
	"actual": sort(names),
	"expected": "capabilities that the image holds",
	"key": c.program.path,
	"message": sprintf("%s starts %s without %s: a %s image cannot hold file capabilities%s", [c.id, c.program.path, lib.one_line(names), lib.one_line(losing), others(c)]),
	"fix": sprintf("add %s to `ambient` of %s, or build with a --format that holds file capabilities, for example tar", [lib.one_line(names), c.id]),
}) if {
	count(losing) > 0
	some c in lib.containers
	names := lost(c)
	count(names) > 0
}

others(c) := sprintf(" (nor those of %s)", [lib.one_line(paths)]) if {
	paths := {f.path | some f in listed(c)} - {c.program.path}
	count(paths) > 0
} else := ""
