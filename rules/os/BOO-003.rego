# METADATA
# scope: package
# title: "No microcode on bare metal"
# description: |-
#   On bare metal the kernel can bring the processor's fixes with it; firmware
#   often lags behind. data.params.target says what the system runs on: only
#   "metal" is looked at. A guest gets its host's microcode.
# custom:
#   id: BOO-003
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R1?"]
#   remediation: "Set kernel.ucode to the microcode cpio of the kernel image."
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

idle := "data.params.target does not say that the system runs on bare metal" if {
	not metal
} else := sprintf("%s loads no microcode from an initrd", [input.arch]) if {
	input.arch != "amd64"
} else := "os.yml names no kernel"

fail contains {
	"id": "BOO-003",
	"resource": kernel.kernel_resource,
	"path": "",
	"actual": "no ucode",
	"expected": "kernel.ucode",
	"key": "ucode",
	"message": "the system is for bare metal, and brings no microcode: the processor runs with what the firmware has",
	"fix": "set kernel.ucode to the microcode cpio of the kernel image, such as intel-ucode.cpio",
} if {
	applies
	input.kernel.ucode == ""
}
