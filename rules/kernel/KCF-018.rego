# METADATA
# scope: package
# title: "No run-time checks"
# description: |-
#   KFENCE, UBSAN, CFI, IBT and what ARM has.
# custom:
#   id: KCF-018
#   severity: low
#   pack: strict
#   controls: ["ANSSI R27"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_018

import data.seaworthy.tables.kconfig

checked contains r if some ["KCF-018", r] in kconfig.checked

fail contains f if some ["KCF-018", f] in kconfig.fail

unknown contains u if some ["KCF-018", u] in kconfig.unknown

not_applicable contains n if some ["KCF-018", n] in kconfig.not_applicable
