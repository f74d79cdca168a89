# METADATA
# scope: package
# title: "Two accounts with one number"
# description: |-
#   They are one account with two names; what one may, the other may too.
# custom:
#   id: USR-007
#   severity: medium
#   pack: hardened
#   controls: ["SRG-OS-000104-GPOS-00051"]
#   remediation: "Give each account its own number."
#   inputs: ["files"]
#   since: 0.1.0
package seaworthy.rules.USR_007

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.inventoried

unknown contains u if some u in lib.no_files

found contains lib.finding("USR-007", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": name,
	"expected": "none",
	"key": name,
	"message": sprintf("%s stands for more than one account of %s", [name, c.id]),
	"fix": sprintf("give %s a number of its own in the image %s", [name, c.image.repository]),
}) if {
	some c in lib.inventoried
	some name in lib.arr(c.files.duplicateIds)
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
