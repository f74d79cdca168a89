# METADATA
# scope: package
# title: "Image without a trusted signature"
# description: |-
#   No key that the trust policy allows for this repository has signed the image. An
#   attacker may have replaced it. Signatures are checked only with a trust policy
#   (--trust). Without one, the rule is not applicable in hardened, because images that
#   you build yourself have no signature. In strict it is unknown.
# custom:
#   id: SUP-001
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 4.12", "SSDF PS.2.1?", "SRG-OS-000366-GPOS-00153", "CIS-D 4.5?", "800-190 4.1.5", "SSDF PW.4.4"]
#   remediation: "Use an image that a trusted key has signed, or sign it."
#   inputs: ["signatures"]
#   since: 0.1.0
package seaworthy.rules.SUP_001

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.attested

unknown contains u if some u in lib.unattested

not_applicable contains n if some n in lib.unattested_not_applicable

found contains lib.finding("SUP-001", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("%d signatures or statements, none of them a trusted signature", [count(lib.attestations(c))]),
	"expected": "a signature by a key of the trust policy",
	"key": "unsigned",
	"message": sprintf("image %s of %s has no trusted signature%s", [c.image.reference, c.id, why(c)]),
	"fix": sprintf("sign %s with a key of the trust policy, or add the key of its signer to the trust policy", [c.image.reference]),
}) if {
	some c in lib.attested
	count(lib.signatures(c)) == 0
}

why(c) := sprintf(": %s", [lib.one_line(reasons)]) if {
	reasons := {reason(a) | some a in lib.attestations(c)}
	count(reasons) > 0
} else := ""

reason(a) := a.reason if {
	not a.verified
} else := sprintf("a statement of type %s is not a signature", [a.predicateType])
