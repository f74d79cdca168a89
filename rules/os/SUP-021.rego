# METADATA
# scope: package
# title: "Policy that nobody vouches for"
# description: |-
#   Who can change the policy can pass anything. The packs that ship with the
#   program are part of it; a folder must be pinned by the lock, a bundle from a
#   registry signed by a trusted key or pinned by digest.
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

unknown contains {"resource": lib.image_resource, "reason": "the engine does not say what is decided by: data.seaworthy.policy"} if {
	not given.policy
}

vouched(p) if p.source == "builtin"

vouched(p) if p.signed == true

vouched(p) if p.pinned == true

vouched(p) if {
	input.lock.present == true
	input.lock.policy == p.name
	input.lock.policyDigest == p.digest
}

vouched(p) if {
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
	"message": sprintf("policy %s is neither signed nor pinned: whoever changes it can pass anything", [p.name]),
	"fix": "run seaworthy lock, which pins the policy, and use --locked",
} if {
	some p in given.policy
	not vouched(p)
}
