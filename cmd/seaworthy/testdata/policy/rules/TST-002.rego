# METADATA
# scope: package
# title: The kernel's configuration is known
# description: What the kernel was built with cannot be judged unseen.
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
