# METADATA
# scope: package
# title: "Secret in an image"
# description: |-
#   A private key or credential lies in a layer, where everybody who has the image reads it, removed or not.
# custom:
#   id: IMG-008
#   severity: critical
#   pack: baseline
#   controls: ["CIS-D 4.10", "CRA I.I(2)(e)?", "800-190 4.1.4"]
#   remediation: "Make the image again without the file, and replace the secret: it is known."
#   inputs: ["files"]
#   since: 0.1.0
package seaworthy.rules.IMG_008

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.inventoried

unknown contains u if some u in lib.no_files

hidden(f) := ", in a layer below" if f.shadowed

hidden(f) := "" if not f.shadowed

found contains lib.finding("IMG-008", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("%s: %s", [f.path, f.kind]),
	"expected": "no secret in any layer",
	"key": f.path,
	"message": sprintf("%s of %s holds a %s%s", [f.path, c.id, f.kind, hidden(f)]),
	"fix": sprintf("make the image %s again without %s in any layer", [c.image.repository, f.path]),
}) if {
	some c in lib.inventoried
	some f in lib.arr(c.files.secrets)
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
