# METADATA
# scope: package
# title: "Secret in an image"
# description: |-
#   A layer of the image contains a private key or credential. An attacker who can read
#   the image has the secret, even if a later layer removes the file.
# custom:
#   id: IMG-008
#   severity: critical
#   pack: baseline
#   controls: ["CIS-D 4.10", "CRA I.I(2)(e)?", "800-190 4.1.4"]
#   remediation: "Rebuild the image without the file in any layer, and replace the secret."
#   inputs: ["files"]
#   since: 0.1.0
package seaworthy.rules.IMG_008

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.inventoried

unknown contains u if some u in lib.no_files

hidden(f) := ", in a lower layer" if f.shadowed

hidden(f) := "" if not f.shadowed

found contains lib.finding("IMG-008", c, {
	"path": "",
	"origin": lib.in_image(c),
	"actual": sprintf("%s: %s", [f.path, f.kind]),
	"expected": "no secret in any layer",
	"key": f.path,
	"message": sprintf("%s in %s contains a %s%s", [f.path, c.id, f.kind, hidden(f)]),
	"fix": sprintf("rebuild the image %s without %s in any layer, and replace the secret", [c.image.repository, f.path]),
}) if {
	some c in lib.inventoried
	some f in lib.arr(c.files.secrets)
}
