# METADATA
# scope: package
# title: "The kernel configuration is only a claim"
# description: |-
#   The kernel does not contain its configuration (CONFIG_IKCONFIG). A separate file claims what it is
#   built with. KCF-024 compares that file with what the kernel and its modules show, but most options
#   cannot be seen there. The configuration of a kernel from a distribution's package is accepted. It is
#   also accepted in an image that a trusted key signed.
# custom:
#   id: KCF-026
#   severity: medium
#   pack: hardened
#   controls: ["SSDF PS.2.1?"]
#   remediation: "Build the kernel with CONFIG_IKCONFIG, or sign its image and verify the signature with --trust."
#   inputs: ["kernel config"]
#   since: 0.1.0
package seaworthy.rules.KCF_026

import data.seaworthy.kernel
import data.seaworthy.lib

checked contains kernel.kernel_resource if input.kernel.config.present == true

unknown contains {"resource": kernel.kernel_resource, "reason": kernel.config_missing} if {
	not input.kernel.config.present == true
}

fail contains {
	"id": "KCF-026",
	"resource": kernel.kernel_resource,
	"path": "",
	"actual": sprintf("the file %s", [input.kernel.config.source]),
	"expected": "a configuration inside the kernel, a distribution's package, or a trusted signature",
	"key": "claim",
	"message": sprintf("the file %s claims what the kernel is built with: %s", [input.kernel.config.source, shown]),
	"fix": "kernel.image: use a kernel that is built with CONFIG_IKCONFIG, or sign the image and use --trust",
} if {
	input.kernel.config.present == true
	input.kernel.config.claim == true
	not vouched
}

shown := sprintf("the kernel confirms only %s", [concat(", ", input.kernel.config.confirmed)]) if {
	count(input.kernel.config.confirmed) > 0
} else := "the kernel confirms none of it"

vouched if {
	is_string(input.kernel.package)
	input.kernel.package != ""
}

vouched if {
	some c in lib.attested
	c.id == "kernel"
	count(lib.signatures(c)) > 0
}
