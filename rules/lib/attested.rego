package seaworthy.lib

import data.seaworthy.given

# Signatures and attestations that belong to the image of a component. They are
# searched for only with a trust policy (--trust). A rule may use the contents of
# an attestation only if it is verified.

# no_trust is the reason why nothing is known about signatures.
no_trust := "no trust policy was given (--trust), so signatures were not searched for"

# unattested_not_applicable are the not-applicable entries for all images, if there
# is no trust policy. In the pack
# strict they are unknown.
unattested_not_applicable contains {"resource": resource(c), "reason": no_trust} if {
	not input.trust.given == true
	not "strict" in given.packs
	some c in input.components
}

# unattested are the components whose signatures are unknown.
unattested contains {"resource": resource(c), "reason": no_trust} if {
	not input.trust.given == true
	"strict" in given.packs
	some c in input.components
}

unattested contains {"resource": resource(c), "reason": "signatures could not be searched for, because the registry is not used with --offline"} if {
	input.trust.given == true
	some c in input.components
	not signatures_searched(c)
}

unattested contains {"resource": resource(c), "reason": "the image has more signatures than are read"} if {
	some c in attested
	c.image.attestations.truncated == true
}

# signatures_searched: the signatures of the component were searched for.
signatures_searched(c) if c.image.attestations.looked == true

# attested are the components whose signatures were searched for.
attested := [c |
	input.trust.given == true
	some c in input.components
	signatures_searched(c)
]

# attestations are all signatures and attestations of an image, verified or not.
attestations(c) := arr(c.image.attestations.found)

# signatures are the verified signatures of the image by a trusted key.
signatures(c) := [a | some a in attestations(c); a.verified == true; a.signs == true]

# claimed_provenances are all provenance attestations, verified or not.
claimed_provenances(c) := [a | some a in attestations(c); is_object(a.provenance)]

# provenances are the provenance attestations that name the builder of the image.
provenances(c) := [a | some a in claimed_provenances(c); str(a.provenance.builder) != ""]

# verified_provenances are the provenance attestations that name the builder and are
# verified.
verified_provenances(c) := [a | some a in provenances(c); a.verified == true]

# matches_pattern: the text is equal to the pattern. A pattern that ends with a
# star matches every text that begins with the rest.
matches_pattern(pattern, text) if pattern == text

matches_pattern(pattern, text) if {
	endswith(pattern, "*")
	startswith(text, trim_suffix(pattern, "*"))
}

# full_repository is the repository of the image with its registry.
full_repository(c) := sprintf("%s/%s", [c.image.registry, c.image.repository])
