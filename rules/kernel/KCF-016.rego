# METADATA
# scope: package
# title: "Debugging ships"
# description: |-
#   What helps to debug the kernel helps to attack it.
# custom:
#   id: KCF-016
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R15"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_016

import data.seaworthy.tables.kconfig

checked contains r if some ["KCF-016", r] in kconfig.checked

fail contains f if some ["KCF-016", f] in kconfig.fail

unknown contains u if some ["KCF-016", u] in kconfig.unknown

not_applicable contains n if some ["KCF-016", n] in kconfig.not_applicable
