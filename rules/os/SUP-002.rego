# METADATA
# scope: package
# title: "Signed by somebody else"
# description: |-
#   The image is signed, and by nobody whose word counts for it: a key of the trust
#   policy that does not speak for this repository, a key that it does not have, or
#   an identity that is not verified. An image that nobody signed may be ours and
#   young; one that others signed is somebody else's.
#   Signatures are looked for where a trust policy says whose are believed
#   (--trust); without one this does not apply in hardened, since images that one
#   builds oneself carry none, and is unknown in strict.
# custom:
#   id: SUP-002
#   severity: critical
#   pack: hardened
#   controls: ["800-190 4.1.5"]
#   remediation: "Use the image that its owner signed, or let the key speak for the repository."
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
	"expected": "a key that speaks for the repository",
	"key": sprintf("signer:%s", [a.digest]),
	"message": sprintf("image %s of %s is signed by %s: %s", [c.image.reference, c.id, who(a), a.reason]),
	"fix": sprintf("use the image that the owner of %s signed, or let the key speak for it in the trust policy", [lib.full_repository(c)]),
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
} else := "a key that the trust policy does not have"

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
