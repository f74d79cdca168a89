# METADATA
# scope: package
# title: "Kernel stacks are not protected"
# description: |-
#   Canaries, guard pages and a random offset.
# custom:
#   id: KCF-002
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R15", "CRA I.I(2)(k)"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_002

import data.seaworthy.tables.kconfig

checked contains r if some ["KCF-002", r] in kconfig.checked

fail contains f if some ["KCF-002", f] in kconfig.fail

unknown contains u if some ["KCF-002", u] in kconfig.unknown

not_applicable contains n if some ["KCF-002", n] in kconfig.not_applicable
