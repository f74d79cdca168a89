# METADATA
# scope: package
# title: "Image contains a denied package"
# description: |-
#   The component contains a package in a version that data.params.denied_packages
#   forbids, for example because it has a backdoor.
# custom:
#   id: SUP-014
#   severity: high
#   pack: baseline
#   controls: ["800-190 4.1.1?", "CIS-D 4.3?"]
#   remediation: "Use a different version of the package, or remove it."
#   inputs: ["sbom"]
#   since: 0.1.0
package seaworthy.rules.SUP_014

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

unknown contains u if {
	"strict" in given.packs
	some u in lib.with_unreadable_packages
}

not_applicable contains u if {
	not "strict" in given.packs
	some u in lib.with_unreadable_packages
}

found contains lib.finding("SUP-014", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("%s %s", [p.name, p.version]),
	"expected": sprintf("%s in a version that is not denied", [p.name]),
	"key": sprintf("%s@%s", [p.name, p.version]),
	"message": sprintf("%s contains %s %s: %s", [c.id, p.name, p.version, denied.reason]),
	"fix": sprintf("use a different version of %s in the image %s, or remove it", [p.name, c.image.repository]),
}) if {
	some c in input.components
	c.sbom.present == true
	some p in lib.arr(c.sbom.packages)
	some denied in denied_by_name[names(p)[_]]
	regex.match(denied.versions, effective(lib.str(p.version)))
}

# names of a package: its own name, and the name of its source package.
names(p) := [p.name] if {
	count(sources(p)) == 0
} else := [p.name, sources(p)[0][1]]

sources(p) := regex.find_all_string_submatch_n(`[?&]upstream=([^&@%]+)`, lib.str(p.purl), 1)

# effective is the version without its epoch. If a distribution reverted to an older
# version (5.6.1+really5.4.5, 5.6.1.revertto5.4), it is the older version.
effective(version) := regex.replace(version, `^([0-9]+:)?(.*(\+really|\.revertto))?`, "")

denied_by_name := {name: [d | some d in given.params.denied_packages; d.name == name] |
	some name in {d.name | some d in given.params.denied_packages}
}
