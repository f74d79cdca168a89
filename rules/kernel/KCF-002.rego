# METADATA
# scope: package
# title: "Kernel stacks are not protected"
# description: |-
#   Canaries, guard pages and a random offset.
# custom:
#   id: KCF-002
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R15"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_002

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.checked["KCF-002"]

fail contains f if some f in kconfig.fail["KCF-002"]

unknown contains u if some u in kconfig.unknown["KCF-002"]

not_applicable contains n if some n in kconfig.not_applicable["KCF-002"]
