# METADATA
# scope: package
# title: "authorized_keys in an image"
# description: |-
#   Whoever holds the key logs in to every system made from it.
# custom:
#   id: USR-013
#   severity: medium
#   pack: hardened
#   controls: ["800-190 4.1.4?", "CRA I.I(2)(d)?"]
#   remediation: "Provide keys at run time."
#   inputs: ["files"]
#   since: 0.1.0
package seaworthy.rules.USR_013

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.inventoried

unknown contains u if some u in lib.no_files

found contains lib.finding("USR-013", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": name,
	"expected": "none",
	"key": name,
	"message": sprintf("%s of %s lets holders of its keys log in", [name, c.id]),
	"fix": sprintf("leave %s out of the image %s", [name, c.image.repository]),
}) if {
	some c in lib.inventoried
	some name in lib.arr(c.files.authorizedKeys)
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
