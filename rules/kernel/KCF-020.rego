# METADATA
# scope: package
# title: "Compiler hardening is missing"
# description: |-
#   Random structure layouts, latent entropy and stack erasing are added when the kernel is compiled.
#   Without them, exploits can rely on known layouts and old stack contents.
# custom:
#   id: KCF-020
#   severity: low
#   pack: strict
#   controls: ["ANSSI R21"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_020

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-020"]

fail contains f if some f in kconfig.all_fail["KCF-020"]

unknown contains u if some u in kconfig.all_unknown["KCF-020"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-020"]
