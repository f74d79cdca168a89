# METADATA
# scope: package
# title: "Kernel stacks are not protected"
# description: |-
#   Canaries, guard pages and random offsets stop or detect stack overflows. Without them, an overflow
#   on a kernel stack can change return addresses.
# custom:
#   id: KCF-002
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R15", "CRA I.I(2)(k)"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_002

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-002"]

fail contains f if some f in kconfig.all_fail["KCF-002"]

unknown contains u if some u in kconfig.all_unknown["KCF-002"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-002"]
