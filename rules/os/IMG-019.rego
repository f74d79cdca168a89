# METADATA
# scope: package
# title: "World-readable secret in an image"
# description: |-
#   Every user in the container can read a password hash, private key or credential, also
#   an attacker who is not root there. The rule checks /etc/shadow, private keys,
#   kubeconfigs and similar files.
# custom:
#   id: IMG-019
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R50"]
#   remediation: "Set the mode of the file in the image to 0600."
#   inputs: ["files"]
#   since: 0.1.0
package seaworthy.rules.IMG_019

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.inventoried

unknown contains u if some u in lib.no_files

found contains lib.finding("IMG-019", c, {
	"path": "",
	"origin": lib.in_image(c),
	"actual": sprintf("%s (%s)", [f.path, f.mode]),
	"expected": "not readable by others",
	"key": f.path,
	"message": sprintf("every user in %s can read %s (mode %s)", [c.id, f.path, f.mode]),
	"fix": sprintf("change the mode of %s in the image %s to 0600", [f.path, c.image.repository]),
}) if {
	some c in lib.inventoried
	some f in lib.arr(c.files.sensitive)
	not f.shadowed
}
