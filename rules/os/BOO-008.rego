# METADATA
# scope: package
# title: "EFI program that cannot be revoked by generation"
# description: |-
#   SBAT gives an EFI program a generation. If it has a known flaw, shim and the boot
#   loader refuse all older generations at once. Without SBAT, each build must be revoked
#   by its hash, and the list of hashes in the firmware is small. The rule also reports a
#   section .sbat that cannot be read or names no component, and generations that shim
#   refuses already (parameter `sbat_generations`).
# custom:
#   id: BOO-008
#   severity: low
#   pack: strict
#   controls: ["ANSSI R4?"]
#   remediation: "Use a stub and a boot loader that have a section .sbat."
#   inputs: ["boot"]
#   since: 0.1.0
package seaworthy.rules.BOO_008

import data.seaworthy.boot
import data.seaworthy.given
import data.seaworthy.lib

checked contains lib.image_resource if count(boot.uefi) > 0

not_applicable contains {"resource": lib.image_resource, "reason": reason} if reason := boot.idle

unknown contains entry if some entry in boot.unread(boot.uefi)

unknown contains {"resource": lib.image_resource, "reason": sprintf("the lines of .sbat of %s are not in the facts", [boot.place(f.path, p.path)])} if {
	some f in boot.uefi
	some p in boot.programs(f)
	p.sbat == true
	not p.generations
	not p.sbatProblem
}

fail contains finding(f, p, "", "no section .sbat", "a section .sbat", "it cannot be revoked by its generation") if {
	some f in boot.uefi
	some p in boot.programs(f)
	p.kind != "kernel" # kernels have SBAT only since Linux 6.16
	not p.sbat == true
}

fail contains finding(f, p, "problem", p.sbatProblem, "lines of six fields", sprintf("its section .sbat cannot be read: %s", [p.sbatProblem])) if {
	some f in boot.uefi
	some p in boot.programs(f)
	p.sbat == true
	p.sbatProblem
}

# The line "sbat" is about the format itself.
fail contains finding(f, p, "empty", "no component", "a line for each component", "its section .sbat names no component, so it cannot be revoked by its generation") if {
	some f in boot.uefi
	some p in boot.programs(f)
	count(lib.arr(p.generations)) > 0
	every g in p.generations { g.component == "sbat" }
}

fail contains finding(f, p, g.component, sprintf("%s,%d", [g.component, g.generation]), sprintf("%s,%d or later", [g.component, least]), why) if {
	some f in boot.uefi
	some p in boot.programs(f)
	some g in lib.arr(p.generations)
	least := given.params.sbat_generations[g.component]
	g.generation < least
	why := sprintf("line %d of its section .sbat has %s of generation %d, and shim refuses generations below %d", [g.line, g.component, g.generation, least])
}

finding(f, p, key, actual, expected, why) := {
	"id": "BOO-008",
	"resource": lib.image_resource,
	"path": "",
	"actual": actual,
	"expected": expected,
	"key": concat(":", [part | some part in [f.path, p.path, key]; part != ""]),
	"message": sprintf("%s: %s", [boot.place(f.path, p.path), why]),
	"fix": "use a current stub or boot loader with a section .sbat, such as systemd's since version 252",
}
