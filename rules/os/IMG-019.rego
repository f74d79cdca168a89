# METADATA
# scope: package
# title: "World-readable secrets"
# description: |-
#   /etc/shadow, private keys and kubeconfigs are not for everybody.
# custom:
#   id: IMG-019
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R50"]
#   remediation: "Change the mode in the image."
#   inputs: ["files"]
#   since: 0.1.0
package seaworthy.rules.IMG_019

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.inventoried

unknown contains u if some u in lib.no_files

found contains lib.finding("IMG-019", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("%s (%s)", [f.path, f.mode]),
	"expected": "not readable by others",
	"key": f.path,
	"message": sprintf("every user in %s may read %s (mode %s)", [c.id, f.path, f.mode]),
	"fix": sprintf("change the mode of %s in the image %s to 0600", [f.path, c.image.repository]),
}) if {
	some c in lib.inventoried
	some f in lib.arr(c.files.sensitive)
	not f.shadowed
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
