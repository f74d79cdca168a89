# METADATA
# scope: package
# title: Unknown kernel configuration
# description: Without the configuration, the options of the kernel cannot be checked.
# custom:
#   id: TST-002
#   severity: medium
#   pack: baseline
#   controls: []
#   remediation: "add the kernel's config file to its image"
#   inputs: [kernel]
#   since: "1.0"
package seaworthy.rules.TST_002

checked contains "kernel:CONFIG_MODULES"

unknown contains {"resource": "kernel:CONFIG_MODULES", "reason": "the kernel's configuration is missing"} if {
	not input.kernel.config.present
}
