# METADATA
# scope: package
# title: "Boot program without a known signature"
# description: |-
#   With Secure Boot, the firmware starts only programs that are signed with a known key.
#   An attacker who can write to the disk can replace a program that is not signed. With
#   data.params.secure_boot "required", the rule also reports files that no UEFI firmware
#   starts. data.params.secure_boot_certificates lists the accepted certificates.
# custom:
#   id: BOO-001
#   severity: medium
#   pack: strict
#   controls: ["ANSSI R3?", "ANSSI R4?", "CRA I.I(2)(f)?"]
#   remediation: "Build a format with a UKI, with --secure-boot-key and --secure-boot-cert."
#   inputs: ["boot"]
#   since: 0.1.0
package seaworthy.rules.BOO_001

import data.seaworthy.boot
import data.seaworthy.lib

checked contains lib.image_resource if count(judged) > 0

judged := boot.uefi if {
	not boot.required
} else := boot.files

not_applicable contains {"resource": lib.image_resource, "reason": reason} if {
	count(judged) == 0
	reason := boot.idle
}

unknown contains entry if some entry in boot.unread(judged)

unknown contains {"resource": lib.image_resource, "reason": sprintf("%s is signed by %s, but no certificate was given: use --secure-boot-cert", [boot.place(f.path, p.path), signers(p)])} if {
	not boot.comparable
	some f in judged
	some p in boot.programs(f)
	count(valid(p)) > 0
}

valid(p) := {s | some s in lib.arr(p.signers); s.valid == true}

signers(p) := lib.one_line({s.name | some s in valid(p)})

known(p) if {
	some s in valid(p)
	boot.accepted(s.certificate)
}

fail contains {
	"id": "BOO-001",
	"resource": lib.image_resource,
	"path": "",
	"actual": state(p),
	"expected": "a valid signature by a known certificate",
	"key": sprintf("%s:%s", [f.path, p.path]),
	"message": sprintf("%s %s: an attacker who can write to the disk can replace it", [boot.place(f.path, p.path), state(p)]),
	"fix": "build with --secure-boot-key and --secure-boot-cert, or have every program on the boot partition signed by a key that you know",
} if {
	some f in judged
	some p in boot.programs(f)
	count(valid(p)) == 0
}

fail contains {
	"id": "BOO-001",
	"resource": lib.image_resource,
	"path": "",
	"actual": state(p),
	"expected": "a valid signature by a known certificate",
	"key": sprintf("%s:%s", [f.path, p.path]),
	"message": sprintf("%s %s, whose certificate is not known", [boot.place(f.path, p.path), state(p)]),
	"fix": "sign it with your key. If the certificate is yours, add it to data.params.secure_boot_certificates, or give it with --secure-boot-cert",
} if {
	boot.comparable
	some f in judged
	some p in boot.programs(f)
	count(valid(p)) > 0
	not known(p)
}

fail contains {
	"id": "BOO-001",
	"resource": lib.image_resource,
	"path": "",
	"actual": "not started by UEFI firmware",
	"expected": "a file that UEFI firmware verifies",
	"key": f.path,
	"message": sprintf("no firmware verifies %s before it starts", [f.path]),
	"fix": "build a format with a UKI, for example raw-efi or iso-efi, with --secure-boot-key",
} if {
	boot.required
	some f in judged
	not "uefi" in lib.arr(f.starts)
}

state(p) := sprintf("is signed by %s", [signers(p)]) if {
	count(valid(p)) > 0
} else := sprintf("has a signature that is not valid: %s", [lib.one_line({s.problem | some s in p.signers})]) if {
	count(lib.arr(p.signers)) > 0
} else := "is not signed"
