# METADATA
# scope: package
# title: "Debugging code is built in"
# description: |-
#   Interfaces for debugging the kernel show its memory, or change how it works. They help attackers
#   too.
# custom:
#   id: KCF-016
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R15", "ANSSI R9"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_016

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-016"]

fail contains f if some f in kconfig.all_fail["KCF-016"]

unknown contains u if some u in kconfig.all_unknown["KCF-016"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-016"]
