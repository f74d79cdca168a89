# METADATA
# scope: package
# title: "Distribution without security updates"
# description: |-
#   The image is based on a distribution that gets no security updates any more, so an
#   attacker can use all newer vulnerabilities. data.distros lists the end of support of
#   each release. For Debian this includes the free LTS. Paid support does not count.
#   The rule compares with the date of the decision (--now).
# custom:
#   id: SUP-016
#   severity: high
#   pack: hardened
#   controls: ["800-190 4.1.1?", "CRA I.I(2)(c)?", "SSDF PW.4.4"]
#   remediation: "Build the image on a newer release."
#   inputs: ["sbom"]
#   since: 0.1.0
package seaworthy.rules.SUP_016

import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.resource(c) if {
	some c in input.components
	c.sbom.present == true
}

unknown contains {"resource": lib.resource(c), "reason": "it has no SBOM"} if {
	some c in input.components
	not c.sbom.present == true
}

not_applicable contains {"resource": lib.resource(c), "reason": "it has no os-release, so it is not based on a distribution"} if {
	some c in input.components
	c.sbom.present == true
	not is_object(c.sbom.distro)
	not hidden(c)
}

# hidden is the reason why a component may still be based on a distribution.
hidden(c) := sprintf("%s could not be read", [lib.one_line(files)]) if {
	files := [file | some file in lib.arr(c.sbom.unreadable); endswith(file, "/os-release")]
	count(files) > 0
} else := "it has packages of a distribution, but does not name the distribution" if {
	some p in lib.arr(c.sbom.packages)
	p.type in lib.distributed
}

unknown contains {"resource": lib.resource(c), "reason": hidden(c)} if {
	some c in input.components
	c.sbom.present == true
	not is_object(c.sbom.distro)
}

based := [c |
	some c in input.components
	c.sbom.present == true
	is_object(c.sbom.distro)
]

unknown contains {"resource": lib.resource(c), "reason": sprintf("data.distros does not say when the security updates of %s %s end", [c.sbom.distro.id, c.sbom.distro.versionId])} if {
	some c in based
	not row(c.sbom.distro)
}

unknown contains {"resource": lib.resource(c), "reason": "the date of the decision is missing (data.seaworthy.date)"} if {
	some c in based
	row(c.sbom.distro).eol
	not given.date
}

# row of a distribution: the matching row with the longest version. If two rows have
# the same length, it is the one that ends first.
row(distro) := sort(rows)[0][2] if {
	rows := [[0 - count(r.version), object.get(r, "eol", ""), r] |
		some r in given.distros
		r.id == distro.id
		is_version(r, distro)
	]
	count(rows) > 0
}

is_version(r, _) if r.version == "*"

is_version(r, distro) if {
	r.version == distro.versionId
	endswith(distro.prettyName, object.get(r, "pretty", ""))
}

# A point release: 12.4 belongs to 12.
is_version(r, distro) if {
	r.version != ""
	startswith(distro.versionId, sprintf("%s.", [r.version]))
}

found contains lib.finding("SUP-016", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("%s %s, supported until %s", [r.id, r.version, r.eol]),
	"expected": "a release that gets security updates",
	"key": sprintf("%s-%s", [r.id, r.version]),
	"message": sprintf("%s is based on %s %s, which has had no security updates since %s", [c.id, r.id, r.version, r.eol]),
	"fix": sprintf("build the image %s on a newer release of %s", [c.image.repository, r.id]),
}) if {
	some c in based
	r := row(c.sbom.distro)
	r.eol < given.date
}
