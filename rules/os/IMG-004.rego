# METADATA
# scope: package
# title: "Image with setuid or setgid files"
# description: |-
#   A setuid or setgid program runs with the rights of its owner or group. An attacker who
#   finds a flaw in the program gets these rights.
# custom:
#   id: IMG-004
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 4.8", "ANSSI R56", "ANSSI R57"]
#   remediation: "Remove the files, or their setuid and setgid bits, from the image."
#   inputs: ["files"]
#   since: 0.1.0
package seaworthy.rules.IMG_004

import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.inventoried

unknown contains u if some u in lib.no_files

found contains lib.finding("IMG-004", c, {
	"path": "",
	"origin": lib.in_image(c),
	"actual": sprintf("%s (%s)", [f.path, f.mode]),
	"expected": "no setuid or setgid file",
	"key": f.path,
	"message": sprintf("%s in %s runs with the rights of uid %d, gid %d (mode %s)", [f.path, c.id, f.uid, f.gid, f.mode]),
	"fix": sprintf("remove %s, or its setuid and setgid bits, from the image %s", [f.path, c.image.repository]),
}) if {
	some c in lib.inventoried
	some f in lib.arr(c.files.setid)
	not f.shadowed
	f.type == "file"
	not f.path in given.params.setid_allowed
}
