# METADATA
# scope: package
# title: "No compiler hardening"
# description: |-
#   Random layouts, latent entropy and stack erasing.
# custom:
#   id: KCF-020
#   severity: low
#   pack: strict
#   controls: ["ANSSI R21"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_020

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-020"]

fail contains f if some f in kconfig.all_fail["KCF-020"]

unknown contains u if some u in kconfig.all_unknown["KCF-020"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-020"]
