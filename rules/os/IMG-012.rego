# METADATA
# scope: package
# title: "Compilers, debuggers or network tools in an image"
# description: |-
#   An attacker in the container can use these programs to build exploits, to inspect
#   processes and to reach other machines. Services do not need them.
# custom:
#   id: IMG-012
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 4.3", "ANSSI R58"]
#   remediation: "Remove the program from the image."
#   inputs: ["files"]
#   since: 0.1.0
package seaworthy.rules.IMG_012

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.inventoried

unknown contains u if some u in lib.no_files

found contains lib.finding("IMG-012", c, {
	"path": "",
	"origin": lib.in_image(c),
	"actual": f.path,
	"expected": sprintf("no %s", [f.kind]),
	"key": f.path,
	"message": sprintf("%s contains %s, a %s that an attacker can use", [c.id, f.path, f.kind]),
	"fix": sprintf("remove %s from the image %s", [f.path, c.image.repository]),
}) if {
	some c in lib.inventoried
	c.section != "kernel"
	some f in lib.arr(c.files.tools)
	f.kind in {"compiler", "debugger", "network tool"}
	not f.shadowed
}
