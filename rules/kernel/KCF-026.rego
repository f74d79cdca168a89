# METADATA
# scope: package
# title: "Configuration is only a claim"
# description: |-
#   The kernel carries no configuration of its own (CONFIG_IKCONFIG), so that a file beside it says what it is built with.
#   What the kernel and its modules show is held against that file (KCF-024); most options nobody can see. A kernel out of
#   a distribution's package is taken at its word, and so is an image that a trusted key signed.
# custom:
#   id: KCF-026
#   severity: medium
#   pack: hardened
#   controls: ["SSDF PS.2.1?"]
#   remediation: "Build the kernel with CONFIG_IKCONFIG, or sign its image and check that with --trust."
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
	"message": sprintf("what the kernel is built with is only claimed, by the file %s: %s", [input.kernel.config.source, shown]),
	"fix": "kernel.image: use a kernel that is built with CONFIG_IKCONFIG, or sign the image and give --trust",
} if {
	input.kernel.config.present == true
	input.kernel.config.claim == true
	not vouched
}

shown := sprintf("the kernel itself shows no more than %s", [concat(", ", input.kernel.config.confirmed)]) if {
	count(input.kernel.config.confirmed) > 0
} else := "the kernel itself shows nothing of it"

vouched if {
	is_string(input.kernel.package)
	input.kernel.package != ""
}

vouched if {
	some c in lib.attested
	c.id == "kernel"
	count(lib.signatures(c)) > 0
}
