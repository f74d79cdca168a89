# METADATA
# scope: package
# title: "Kernel at a known address"
# description: |-
#   KASLR, and what it depends on.
# custom:
#   id: KCF-003
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R25", "ANSSI R27", "SRG-OS-000433-GPOS-00193", "ANSSI R15", "ANSSI R17", "CRA I.I(2)(k)"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_003

import data.seaworthy.tables.kconfig

checked contains r if some ["KCF-003", r] in kconfig.checked

fail contains f if some ["KCF-003", f] in kconfig.fail

unknown contains u if some ["KCF-003", u] in kconfig.unknown

not_applicable contains n if some ["KCF-003", n] in kconfig.not_applicable
