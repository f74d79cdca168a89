# METADATA
# scope: package
# title: "Policy is neither signed nor pinned"
# description: |-
#   An attacker who can change the policy can let any system pass. The packs of the
#   program itself are trusted. A policy folder must be pinned by the lock file. A
#   policy bundle from a registry must be signed by a trusted key, or pinned by digest.
# custom:
#   id: SUP-021
#   severity: high
#   pack: hardened
#   controls: ["SSDF PO.3.2?"]
#   remediation: "Run seaworthy lock, and check with --locked."
#   inputs: ["policy", "lock"]
#   since: 0.1.0
package seaworthy.rules.SUP_021

import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.image_resource if count(given.policy) > 0

unknown contains {"resource": lib.image_resource, "reason": "the policy of this decision is not known (data.seaworthy.policy is missing)"} if {
	not given.policy
}

trusted(p) if p.source == "builtin"

trusted(p) if p.signed == true

trusted(p) if p.pinned == true

trusted(p) if {
	input.lock.present == true
	input.lock.policy == p.name
	input.lock.policyDigest == p.digest
}

trusted(p) if {
	input.lock.present == true
	input.lock.policy == p.together.name
	input.lock.policyDigest == p.together.digest
}

fail contains {
	"id": "SUP-021",
	"resource": lib.image_resource,
	"path": "",
	"actual": sprintf("%s, %s", [p.name, p.digest]),
	"expected": "a policy that is built in, signed or pinned",
	"key": p.name,
	"message": sprintf("policy %s is neither signed nor pinned: an attacker who changes it can let any system pass", [p.name]),
	"fix": "run `seaworthy lock`, which pins the policy, and use --locked",
} if {
	some p in given.policy
	not trusted(p)
}
