# METADATA
# scope: package
# title: "Security modules missing"
# description: |-
#   Yama, Landlock and one module for mandatory access control.
# custom:
#   id: KCF-010
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R20", "ANSSI R11", "ANSSI R37?", "ANSSI R45?"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_010

import data.seaworthy.tables.kconfig

checked contains r if some ["KCF-010", r] in kconfig.checked

fail contains f if some ["KCF-010", f] in kconfig.fail

unknown contains u if some ["KCF-010", u] in kconfig.unknown

not_applicable contains n if some ["KCF-010", n] in kconfig.not_applicable
