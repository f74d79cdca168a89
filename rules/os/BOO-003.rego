# METADATA
# scope: package
# title: "No microcode update on bare metal"
# description: |-
#   Without a microcode update the processor keeps known flaws. An attacker can use
#   them, for example to read memory of other programs. The kernel can load the update
#   from an initrd at boot; firmware often has an older one. The rule checks only
#   systems with data.params.target "metal". A guest uses the microcode of its host.
# custom:
#   id: BOO-003
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R1?"]
#   remediation: "Set kernel.ucode to the microcode cpio archive in the kernel image."
#   inputs: ["kernel"]
#   since: 0.1.0
package seaworthy.rules.BOO_003

import data.seaworthy.given
import data.seaworthy.kernel

metal if given.params.target == "metal"

applies if {
	metal
	input.kernel.present == true
	input.arch == "amd64"
}

checked contains kernel.kernel_resource if applies

not_applicable contains {"resource": kernel.kernel_resource, "reason": reason} if {
	not applies
	reason := idle
}

idle := "data.params.target is not \"metal\"" if {
	not metal
} else := sprintf("a kernel for %s loads no microcode from an initrd", [input.arch]) if {
	input.arch != "amd64"
} else := "os.yml has no kernel section"

fail contains {
	"id": "BOO-003",
	"resource": kernel.kernel_resource,
	"path": "",
	"actual": "kernel.ucode is not set",
	"expected": "kernel.ucode is set",
	"key": "ucode",
	"message": "the system runs on bare metal without a microcode update: the processor keeps the microcode of the firmware",
	"fix": "set kernel.ucode to the microcode cpio archive in the kernel image, for example intel-ucode.cpio",
} if {
	applies
	input.kernel.ucode == ""
}
