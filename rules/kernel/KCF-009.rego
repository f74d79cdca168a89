# METADATA
# scope: package
# title: "No lockdown in the kernel"
# description: |-
#   The module that draws the line between root and kernel must be built; see CMD-007 for whether it is on.
# custom:
#   id: KCF-009
#   severity: medium
#   pack: hardened
#   controls: []
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_009

import data.seaworthy.tables.kconfig

checked contains r if some ["KCF-009", r] in kconfig.checked

fail contains f if some ["KCF-009", f] in kconfig.fail

unknown contains u if some ["KCF-009", u] in kconfig.unknown

not_applicable contains n if some ["KCF-009", n] in kconfig.not_applicable
