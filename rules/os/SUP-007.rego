# METADATA
# scope: package
# title: "Signature or statement is about another image"
# description: |-
#   A signature or statement beside the image names the digest of another image. An
#   attacker may have put it there to make one image look like another. Or only a part
#   of the files was copied. Signatures are checked only with a trust policy (--trust).
#   Without one, the rule is not applicable in hardened, because images that you build
#   yourself have no signature. In strict it is unknown.
# custom:
#   id: SUP-007
#   severity: critical
#   pack: baseline
#   controls: []
#   remediation: "Remove it, or attach the one that was made for this image."
#   inputs: ["signatures"]
#   since: 0.1.0
package seaworthy.rules.SUP_007

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.attested

unknown contains u if some u in lib.unattested

not_applicable contains n if some n in lib.unattested_not_applicable

found contains lib.finding("SUP-007", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": a.digest,
	"expected": sprintf("a statement about %s", [c.image.manifest]),
	"key": sprintf("subject:%s", [a.digest]),
	"message": sprintf("%s beside image %s of %s is about another image", [what(a), c.image.reference, c.id]),
	"fix": sprintf("remove %s from beside the image, or attach the one that was made for this image", [a.digest]),
}) if {
	some c in lib.attested
	some a in lib.attestations(c)
	a.readable == true
	not a.subjectMatches == true
}

what(a) := sprintf("the statement of type %s", [a.predicateType]) if {
	a.predicateType != ""
} else := "a signature"
