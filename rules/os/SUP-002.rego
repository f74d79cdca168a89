# METADATA
# scope: package
# title: "Image is signed, but not by a trusted key"
# description: |-
#   The image is signed, but the trust policy does not allow the signer. There are three
#   cases: a key of the trust policy that is not allowed for this repository, a key that
#   the trust policy does not contain, or an identity that is not verified. An image
#   without any signature may be your own new image. An image with the signature of
#   someone else may come from an attacker. Signatures are checked only with a trust
#   policy (--trust). Without one, the rule is not applicable in hardened, because
#   images that you build yourself have no signature. In strict it is unknown.
# custom:
#   id: SUP-002
#   severity: critical
#   pack: hardened
#   controls: ["800-190 4.1.5"]
#   remediation: "Use the image that its owner signed, or allow the key for the repository in the trust policy."
#   inputs: ["signatures"]
#   since: 0.1.0
package seaworthy.rules.SUP_002

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.attested

unknown contains u if some u in lib.unattested

not_applicable contains n if some n in lib.unattested_not_applicable

found contains lib.finding("SUP-002", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": who(a),
	"expected": "a key that the trust policy allows for the repository",
	"key": sprintf("signer:%s", [a.digest]),
	"message": sprintf("image %s of %s is signed by %s: %s", [c.image.reference, c.id, who(a), a.reason]),
	"fix": sprintf("use the image that the owner of %s signed, or allow the key for this repository in the trust policy", [lib.full_repository(c)]),
}) if {
	some c in lib.attested
	count(lib.signatures(c)) == 0
	some a in lib.attestations(c)
	a.form != "statement"
	not a.verified
}

who(a) := sprintf("the key %s", [a.key]) if {
	a.key != ""
} else := a.identity if {
	a.identity != ""
} else := "a key that the trust policy does not contain"
