# METADATA
# scope: package
# title: "Two accounts with the same number"
# description: |-
#   The kernel treats accounts with the same number as one account. An attacker who gets
#   one of them has the rights of the other.
# custom:
#   id: USR-007
#   severity: medium
#   pack: hardened
#   controls: ["SRG-OS-000104-GPOS-00051"]
#   remediation: "Give each account a different number."
#   inputs: ["files"]
#   since: 0.1.0
package seaworthy.rules.USR_007

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.inventoried

unknown contains u if some u in lib.no_files

found contains lib.finding("USR-007", c, {
	"path": "",
	"origin": lib.in_image(c),
	"actual": name,
	"expected": "none",
	"key": name,
	"message": sprintf("%s is the number of more than one account of %s", [name, c.id]),
	"fix": sprintf("give each account of %s its own number in the image %s", [name, c.image.repository]),
}) if {
	some c in lib.inventoried
	some name in lib.arr(c.files.duplicateIds)
}
