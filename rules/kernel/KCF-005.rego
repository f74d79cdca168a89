# METADATA
# scope: package
# title: "The kernel heap is not hardened"
# description: |-
#   Randomised and separate slab caches make it hard to place one kernel object next to another. Without
#   them, heap overflows and use after free are easier to exploit.
# custom:
#   id: KCF-005
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R17"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_005

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-005"]

fail contains f if some f in kconfig.all_fail["KCF-005"]

unknown contains u if some u in kconfig.all_unknown["KCF-005"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-005"]
