# METADATA
# scope: package
# title: "EFI program that cannot be revoked by generation"
# description: |-
#   SBAT gives an EFI program a generation. If it has a known flaw, shim and the boot
#   loader refuse all older generations at once. Without SBAT, each build must be revoked
#   by its hash, and the list of hashes in the firmware is small.
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
import data.seaworthy.lib

checked contains lib.image_resource if count(boot.uefi) > 0

not_applicable contains {"resource": lib.image_resource, "reason": reason} if reason := boot.idle

unknown contains entry if some entry in boot.unread(boot.uefi)

# Kernels have SBAT only since Linux 6.16.
fail contains {
	"id": "BOO-008",
	"resource": lib.image_resource,
	"path": "",
	"actual": "no section .sbat",
	"expected": "a section .sbat",
	"key": sprintf("%s:%s", [f.path, p.path]),
	"message": sprintf("%s has no SBAT: it cannot be revoked by its generation", [boot.place(f.path, p.path)]),
	"fix": "use a stub or a boot loader with a section .sbat, such as systemd's since version 252",
} if {
	some f in boot.uefi
	some p in boot.programs(f)
	p.kind != "kernel"
	not p.sbat == true
}
