# METADATA
# scope: package
# title: "Run-time checks are missing"
# description: |-
#   KFENCE, UBSAN, CFI, IBT and the corresponding features of ARM detect or stop memory errors while the
#   kernel runs.
# custom:
#   id: KCF-018
#   severity: low
#   pack: strict
#   controls: ["ANSSI R27"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_018

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-018"]

fail contains f if some f in kconfig.all_fail["KCF-018"]

unknown contains u if some u in kconfig.all_unknown["KCF-018"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-018"]
