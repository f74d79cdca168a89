# METADATA
# scope: package
# title: "The configuration belongs to another kernel"
# description: |-
#   The kernel that boots, or one of its modules, contradicts the configuration. Other rules cannot decide
#   from it what this kernel has.
# custom:
#   id: KCF-024
#   severity: high
#   pack: hardened
#   controls: ["SSDF PS.2.1?"]
#   remediation: "Ship the configuration that the kernel was built with."
#   inputs: ["kernel config"]
#   since: 0.1.0
package seaworthy.rules.KCF_024

import data.seaworthy.kernel

checked contains kernel.kernel_resource if input.kernel.config.present == true

unknown contains {"resource": kernel.kernel_resource, "reason": kernel.config_missing} if {
	not input.kernel.config.present == true
}

unknown contains {"resource": kernel.kernel_resource, "reason": kernel.config_missing} if {
	input.kernel.config.fragment == true
}

fail contains {
	"id": "KCF-024",
	"resource": kernel.kernel_resource,
	"path": "",
	"actual": input.kernel.config.mismatch,
	"expected": "the configuration of the kernel that boots",
	"key": "mismatch",
	"message": sprintf("the configuration belongs to another kernel: %s", [input.kernel.config.mismatch]),
	"fix": "put the configuration that the kernel was built with into its image, as the file `config`",
} if {
	input.kernel.config.present == true
	input.kernel.config.mismatch != ""
}
