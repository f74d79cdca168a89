# METADATA
# scope: package
# title: "Denied package"
# description: |-
#   A package that nobody should ship is in the image.
# custom:
#   id: SUP-014
#   severity: high
#   pack: baseline
#   controls: ["800-190 4.1.1?", "CIS-D 4.3?"]
#   remediation: "Take another version, or leave it out."
#   inputs: ["sbom"]
#   since: 0.1.0
package seaworthy.rules.SUP_014

import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.resource(c) if {
	some c in input.components
	c.sbom.present == true
}

unknown contains {"resource": lib.resource(c), "reason": "there is no SBOM of it"} if {
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
	"expected": sprintf("no such %s", [p.name]),
	"key": sprintf("%s@%s", [p.name, p.version]),
	"message": sprintf("%s ships %s %s: %s", [c.id, p.name, p.version, denied.reason]),
	"fix": sprintf("take another version of %s in the image %s, or leave it out", [p.name, c.image.repository]),
}) if {
	some c in input.components
	c.sbom.present == true
	some p in lib.arr(c.sbom.packages)
	some denied in denied_by_name[names(p)[_]]
	regex.match(denied.versions, effective(lib.str(p.version)))
}

# names of a package: its own, and that of the source it is built from.
names(p) := [p.name] if {
	count(sources(p)) == 0
} else := [p.name, sources(p)[0][1]]

sources(p) := regex.find_all_string_submatch_n(`[?&]upstream=([^&@%]+)`, lib.str(p.purl), 1)

# effective is the version without its epoch; where a distribution went back to an
# older one (5.6.1+really5.4.5, 5.6.1.revertto5.4), that one.
effective(version) := regex.replace(version, `^([0-9]+:)?(.*(\+really|\.revertto))?`, "")

denied_by_name := {name: [d | some d in given.params.denied_packages; d.name == name] |
	some name in {d.name | some d in given.params.denied_packages}
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
