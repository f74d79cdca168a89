# METADATA
# scope: package
# title: "Memory keeps old contents"
# description: |-
#   Stack variables and registers are to be cleared; for the heap see CMD-004.
# custom:
#   id: KCF-006
#   severity: medium
#   pack: hardened
#   controls: []
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_006

import data.seaworthy.tables.kconfig

checked contains r if some ["KCF-006", r] in kconfig.checked

fail contains f if some ["KCF-006", f] in kconfig.fail

unknown contains u if some ["KCF-006", u] in kconfig.unknown

not_applicable contains n if some ["KCF-006", n] in kconfig.not_applicable
