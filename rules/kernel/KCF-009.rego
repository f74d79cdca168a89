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

checked contains r if some r in kconfig.all_checked["KCF-009"]

fail contains f if some f in kconfig.all_fail["KCF-009"]

unknown contains u if some u in kconfig.all_unknown["KCF-009"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-009"]
