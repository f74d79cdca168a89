# METADATA
# scope: package
# title: "Known and dangerous vulnerability"
# description: |-
#   A package has a vulnerability that attackers already use, or a critical one for
#   which there is a fix. Vulnerabilities that a VEX document marks as not_affected or
#   fixed are not reported. The rule needs a vulnerability database. Without a
#   database, the rule is not applicable in hardened, and unknown in strict. Each report
#   then says at its top that vulnerabilities were not scanned.
# custom:
#   id: SUP-015
#   severity: critical
#   pack: hardened
#   controls: ["SSDF RV.1.1?", "CIS-D 4.4?", "CRA I.I(2)(a)", "800-190 4.1.1", "SSDF PW.4.4", "NSA Building secure images"]
#   remediation: "Update to the fixed version, or state in a VEX document why the vulnerability does no harm."
#   inputs: ["vulnerabilities"]
#   since: 0.1.0
package seaworthy.rules.SUP_015

import data.seaworthy.given
import data.seaworthy.lib

scanned if input.vulnerabilities.scanned == true

checked contains lib.resource(c) if {
	scanned
	some c in input.components
	c.sbom.present == true
}

unknown contains {"resource": lib.resource(c), "reason": "it has no SBOM"} if {
	scanned
	some c in input.components
	not c.sbom.present == true
}

not_scanned := "vulnerabilities: not scanned (no vulnerability database was given)"

unknown contains {"resource": lib.image_resource, "reason": not_scanned} if {
	not scanned
	"strict" in given.packs
}

not_applicable contains {"resource": lib.image_resource, "reason": not_scanned} if {
	not scanned
	not "strict" in given.packs
}

unknown contains u if {
	scanned
	"strict" in given.packs
	some u in lib.with_unreadable_packages
}

not_applicable contains u if {
	scanned
	not "strict" in given.packs
	some u in lib.with_unreadable_packages
}

# Packages that no given database covers. If their ecosystem has a database, the result
# is unknown in strict, because that database is missing.
unmatched(c, u) := {"resource": lib.resource(c), "reason": sprintf("%d packages (%s) were not matched with a database: %s", [u.packages, u.type, u.reason])} if {
	u.packages > 0
} else := {"resource": lib.resource(c), "reason": sprintf("nothing was matched: %s", [u.reason])}

unknown contains unmatched(c, u) if {
	"strict" in given.packs
	some c in input.components
	some u in lib.arr(c.sbom.unmatched)
	u.ecosystem != ""
}

not_applicable contains unmatched(c, u) if {
	some c in input.components
	some u in lib.arr(c.sbom.unmatched)
	not counts_as_unknown(u)
}

counts_as_unknown(u) if {
	"strict" in given.packs
	u.ecosystem != ""
}

# dangerous is the reason why a vulnerability is dangerous.
dangerous(v) := "attackers already use it" if {
	v.exploited == true
} else := "it is critical, and a fix exists" if {
	v.severity == "critical"
	lib.str(v.fixed) != ""
}

excused(v) if v.vex in {"not_affected", "fixed"}

not_applicable contains {"resource": lib.resource(c), "reason": sprintf("%s of %s %s: VEX says %s%s", [v.id, v.package, v.version, v.vex, why])} if {
	scanned
	some c in input.components
	some v in lib.arr(c.sbom.vulnerabilities)
	excused(v)
	dangerous(v)
	parts := [p | some p in [v.justification, object.get(v, "vexNotes", "")]; p != ""]
	why := {true: "", false: sprintf(" (%s)", [concat(": ", parts)])}[parts == []]
}

# place lists the paths of a package that is not in a distribution's database.
place(v) := sprintf(" (%s)", [lib.one_line(v.paths)]) if {
	count(lib.arr(v.paths)) > 0
} else := ""

fix(c, v) := sprintf("update to %s %s in the image %s", [v.package, v.fixed, c.image.repository]) if {
	lib.str(v.fixed) != ""
} else := sprintf("remove %s from the image %s: there is no fix yet", [v.package, c.image.repository])

found contains lib.finding("SUP-015", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("%s %s", [v.package, v.version]),
	"expected": sprintf("%s without %s", [v.package, v.id]),
	"key": sprintf("%s:%s@%s", [v.id, v.package, v.version]),
	"message": sprintf("%s contains %s %s%s with %s: %s", [c.id, v.package, v.version, place(v), v.id, why]),
	"fix": fix(c, v),
}) if {
	scanned
	some c in input.components
	some v in lib.arr(c.sbom.vulnerabilities)
	not excused(v)
	why := dangerous(v)
}
