# METADATA
# scope: package
# title: "Component without an SBOM"
# description: |-
#   Nobody knows what is in it. So it is with an image that names a distribution and
#   lacks the distribution's package database.
# custom:
#   id: SUP-008
#   severity: high
#   pack: baseline
#   controls: ["CRA I.II(1)", "SSDF PS.3.2"]
#   remediation: "Use a component that can be scanned."
#   inputs: ["sbom"]
#   since: 0.1.0
package seaworthy.rules.SUP_008

import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.resource(c) if {
	some c in input.components
	c.sbom.present == true
}

unknown contains {"resource": lib.resource(c), "reason": "there is no SBOM of it: nobody knows what is in it"} if {
	some c in input.components
	not c.sbom.present == true
}

# A component with files, of which none belongs to any package, has an SBOM in name only.
fail contains lib.finding("SUP-008", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("no package, %d files", [c.sbom.coverage.files]),
	"expected": "an SBOM that names packages",
	"key": "empty",
	"message": sprintf("the SBOM of %s names no package, yet it has %d files", [c.id, c.sbom.coverage.files]),
	"fix": sprintf("ship package data (or an SBOM) in the image %s", [c.image.repository]),
}) if {
	some c in input.components
	c.sbom.present == true
	count(lib.arr(c.sbom.packages)) == 0
	c.sbom.coverage.files > 0
}

# A distribution without a single package of its own: the package database was
# taken out or moved, and what else is named says nothing of what it listed.
fail contains lib.finding("SUP-008", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("no package of %s", [c.sbom.distro.id]),
	"expected": "an SBOM that names the packages of the distribution",
	"key": "no-database",
	"message": sprintf("the image of %s says that it is %s, and its SBOM names no package of it: the package database is missing", [c.id, c.sbom.distro.id]),
	"fix": sprintf("keep the package database in the image %s", [c.image.repository]),
}) if {
	some c in input.components
	c.sbom.present == true
	packages := lib.arr(c.sbom.packages)
	count(packages) > 0
	c.sbom.distro.id in known_distros
	every p in packages {
		not p.type in types(c.sbom.distro.id)
	}
}

# Packages of another kind than the distribution's: what os-release claims is not
# so, or not for all of the image. Databases of vulnerabilities are asked by it.
fail contains lib.finding("SUP-008", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("%d packages of type %s", [count(others), kind]),
	"expected": sprintf("packages of %s", [c.sbom.distro.id]),
	"key": sprintf("claim:%s", [kind]),
	"message": sprintf("the image of %s says that it is %s, and has packages of type %s, which that distribution has not: %s", [c.id, c.sbom.distro.id, kind, lib.one_line(others)]),
	"fix": sprintf("correct os-release in the image %s, or build it from the packages of one distribution", [c.image.repository]),
}) if {
	some c in input.components
	c.sbom.present == true
	c.sbom.distro.id in known_distros
	own := types(c.sbom.distro.id)
	packages := lib.arr(c.sbom.packages)
	some mine in packages
	mine.type in own
	some kind in (lib.distributed - own)
	others := {p.name | some p in packages; p.type == kind}
	count(others) > 0
}

# types of packages that a distribution of the table has; most have rpm.
types(id) := {"deb"} if {
	id in {"debian", "ubuntu"}
} else := {"apk"} if {
	id in {"alpine", "chainguard", "wolfi"}
} else := {"alpm"} if {
	id == "arch"
} else := {"rpm"}

known_distros := {d.id | some d in given.distros}
