# METADATA
# scope: package
# title: "Package manager in an image"
# description: |-
#   An immutable system installs no packages at run time. An attacker can use the package
#   manager to install tools.
# custom:
#   id: IMG-010
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 4.3", "SRG-OS-000362-GPOS-00149?"]
#   remediation: "Remove the program from the image."
#   inputs: ["files"]
#   since: 0.1.0
package seaworthy.rules.IMG_010

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.inventoried

unknown contains u if some u in lib.no_files

found contains lib.finding("IMG-010", c, {
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
	f.kind in {"package manager", "package managers"}
	not f.shadowed
}
