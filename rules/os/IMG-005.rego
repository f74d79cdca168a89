# METADATA
# scope: package
# title: "Image with file capabilities"
# description: |-
#   A program with file capabilities gets them even if the process that starts it does not
#   have them. An attacker who finds a flaw in the program gets these capabilities.
# custom:
#   id: IMG-005
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 4.8?", "ANSSI R56?"]
#   remediation: "Remove the capabilities from the file, and give them to the component instead."
#   inputs: ["files"]
#   since: 0.1.0
package seaworthy.rules.IMG_005

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.inventoried

unknown contains u if some u in lib.no_files

found contains lib.finding("IMG-005", c, {
	"path": "",
	"origin": lib.in_image(c),
	"actual": f.path,
	"expected": "no file capabilities",
	"key": f.path,
	"message": sprintf("%s in %s has file capabilities", [f.path, c.id]),
	"fix": sprintf("remove the security.capability attribute of %s from the image %s", [f.path, c.image.repository]),
}) if {
	some c in lib.inventoried
	some f in lib.arr(c.files.fileCaps)
	not f.shadowed
}

fail contains f if {
	some f in found
	not lib.allowed(f)
	lib.keeps_attributes
}

not_applicable contains lib.allowed(f) if some f in found

not_applicable contains {"resource": f.resource, "reason": "the output formats of this build cannot store file capabilities"} if {
	some f in found
	not lib.keeps_attributes
}
