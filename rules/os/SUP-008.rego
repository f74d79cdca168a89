# METADATA
# scope: package
# title: "Component without a usable SBOM"
# description: |-
#   Without an SBOM, the contents of a component are not known, and its vulnerabilities
#   are not found. The same is true for an image that names a distribution but lacks the
#   package database of that distribution.
# custom:
#   id: SUP-008
#   severity: high
#   pack: baseline
#   controls: ["CRA I.II(1)", "SSDF PS.3.2"]
#   remediation: "Use a component whose packages the scanner can read."
#   inputs: ["sbom"]
#   since: 0.1.0
package seaworthy.rules.SUP_008

import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.resource(c) if {
	some c in input.components
	c.sbom.present == true
}

unknown contains {"resource": lib.resource(c), "reason": "it has no SBOM, so its contents are not known"} if {
	some c in input.components
	not c.sbom.present == true
}

# If a component has files and its SBOM names no package, the SBOM is useless.
fail contains lib.finding("SUP-008", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("no package, %d files", [c.sbom.coverage.files]),
	"expected": "an SBOM that names packages",
	"key": "empty",
	"message": sprintf("the SBOM of %s names no package, although the component has %d files", [c.id, c.sbom.coverage.files]),
	"fix": sprintf("add package data or an SBOM to the image %s", [c.image.repository]),
}) if {
	some c in input.components
	c.sbom.present == true
	count(lib.arr(c.sbom.packages)) == 0
	c.sbom.coverage.files > 0
}

# The SBOM names no package of the distribution: the package database was removed or
# moved. Other packages in the SBOM do not replace its list.
fail contains lib.finding("SUP-008", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("no package of %s", [c.sbom.distro.id]),
	"expected": "an SBOM that names the packages of the distribution",
	"key": "no-database",
	"message": sprintf("os-release in the image of %s names the distribution %s, but the SBOM names no package of it: the package database is missing", [c.id, c.sbom.distro.id]),
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

# The packages have a different type than those of the distribution: os-release is
# wrong, or wrong for a part of the image. The lookup in vulnerability databases
# depends on os-release.
fail contains lib.finding("SUP-008", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("%d packages of type %s", [count(others), kind]),
	"expected": sprintf("packages of %s", [c.sbom.distro.id]),
	"key": sprintf("claim:%s", [kind]),
	"message": sprintf("os-release in the image of %s names the distribution %s, which has no packages of type %s, but the image has some: %s", [c.id, c.sbom.distro.id, kind, lib.one_line(others)]),
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

# types are the package types of a distribution in the table. Most have rpm.
types(id) := {"deb"} if {
	id in {"debian", "ubuntu"}
} else := {"apk"} if {
	id in {"alpine", "chainguard", "wolfi"}
} else := {"alpm"} if {
	id == "arch"
} else := {"rpm"}

known_distros := {d.id | some d in given.distros}
