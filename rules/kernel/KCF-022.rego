# METADATA
# scope: package
# title: "No verified boot"
# description: |-
#   dm-verity, fs-verity and the EFI stub.
# custom:
#   id: KCF-022
#   severity: medium
#   pack: strict
#   controls: ["CRA I.I(2)(f)?", "ANSSI R3?"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_022

import data.seaworthy.tables.kconfig

checked contains r if some ["KCF-022", r] in kconfig.checked

fail contains f if some ["KCF-022", f] in kconfig.fail

unknown contains u if some ["KCF-022", u] in kconfig.unknown

not_applicable contains n if some ["KCF-022", n] in kconfig.not_applicable
