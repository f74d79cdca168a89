# METADATA
# scope: package
# title: "Image built from an unexpected source"
# description: |-
#   Verified provenance names a different source, ref or build type than
#   data.params.expected_sources has for the repository. An attacker may have built the
#   image from changed sources. Entries are {repository, source, ref, buildType}. Each
#   value is the whole text, or the start of it and a star. Only repository is required.
#   A repository without an entry is not checked. Signatures are checked only with a
#   trust policy (--trust). Without one, the rule is not applicable in hardened, because
#   images that you build yourself have no signature. In strict it is unknown.
# custom:
#   id: SUP-006
#   severity: high
#   pack: hardened
#   controls: []
#   remediation: "Build the image from the expected source, or correct data.params.expected_sources."
#   inputs: ["signatures"]
#   since: 0.1.0
package seaworthy.rules.SUP_006

import data.seaworthy.given
import data.seaworthy.lib

# Provenance without a trusted signature proves nothing. SUP-003 and SUP-004 report it.
checked contains lib.resource(c) if {
	some c in lib.attested
	asked(c)
	count(lib.verified_provenances(c)) > 0
}

unknown contains u if some u in lib.unattested

unknown contains {"resource": lib.resource(c), "reason": "it has no verified provenance (SUP-003, SUP-004)"} if {
	some c in lib.attested
	asked(c)
	count(lib.verified_provenances(c)) == 0
}

not_applicable contains n if some n in lib.unattested_not_applicable

not_applicable contains {"resource": lib.resource(c), "reason": "data.params.expected_sources has no entry for its repository"} if {
	some c in lib.attested
	not asked(c)
}

expected(c) := [e |
	some e in given.params.expected_sources
	lib.matches_pattern(e.repository, lib.full_repository(c))
]

asked(c) if count(expected(c)) > 0

# differences lists how one provenance differs from one entry.
differences(e, p) := {sprintf("%s is %q, not %q", [what, lib.str(p[what]), e[what]]) |
	some what in ["source", "ref", "buildType"]
	e[what]
	not lib.matches_pattern(e[what], lib.str(p[what]))
}

# One matching entry is enough: a repository may be built from two branches.
fits(c, p) if {
	some e in expected(c)
	count(differences(e, p)) == 0
}

found contains lib.finding("SUP-006", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": a.provenance,
	"expected": expected(c),
	"key": sprintf("source:%s", [a.digest]),
	"message": sprintf("image %s of %s was not built from the expected source: %s", [c.image.reference, c.id, lib.one_line(differences(expected(c)[0], a.provenance))]),
	"fix": "build the image from the expected source, or correct data.params.expected_sources",
}) if {
	some c in lib.attested
	asked(c)
	some a in lib.verified_provenances(c)
	not fits(c, a.provenance)
}
