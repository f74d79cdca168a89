package seaworthy.lib

import data.seaworthy.given

# What was found beside a component's image: signatures and statements. They
# are looked for where a trust policy says whose are believed (--trust); only a
# verified one says anything but that it is there.

no_trust := "no trust policy says whose signatures are believed (--trust), so none was looked for"

# Without a trust policy nothing applies, save in strict, where that is unknown.
unattested_not_applicable contains {"resource": resource(c), "reason": no_trust} if {
	not input.trust.given == true
	not "strict" in given.packs
	some c in input.components
}

unattested contains {"resource": resource(c), "reason": no_trust} if {
	not input.trust.given == true
	"strict" in given.packs
	some c in input.components
}

unattested contains {"resource": resource(c), "reason": "its signatures could not be looked for: the registry was not asked (--offline)"} if {
	input.trust.given == true
	some c in input.components
	not signatures_searched(c)
}

unattested contains {"resource": resource(c), "reason": "more signatures lie beside the image than are read"} if {
	some c in attested
	c.image.attestations.truncated == true
}

signatures_searched(c) if c.image.attestations.looked == true

# Components whose signatures were looked for.
attested := [c |
	input.trust.given == true
	some c in input.components
	signatures_searched(c)
]

# What was found beside a component's image, believed or not.
attestations(c) := arr(c.image.attestations.found)

# signatures are those by which a trusted key stands for the image.
signatures(c) := [a | some a in attestations(c); a.verified == true; a.signs == true]

# claimed_provenances are the statements of that type, provenances those of them
# that name who built the image: without that nothing is said.
claimed_provenances(c) := [a | some a in attestations(c); is_object(a.provenance)]

provenances(c) := [a | some a in claimed_provenances(c); str(a.provenance.builder) != ""]

verified_provenances(c) := [a | some a in provenances(c); a.verified == true]

# A pattern ends with a star where its rest is open.
matches_pattern(pattern, text) if pattern == text

matches_pattern(pattern, text) if {
	endswith(pattern, "*")
	startswith(text, trim_suffix(pattern, "*"))
}

full_repository(c) := sprintf("%s/%s", [c.image.registry, c.image.repository])
