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

checked contains r if some ["KCF-020", r] in kconfig.checked

fail contains f if some ["KCF-020", f] in kconfig.fail

unknown contains u if some ["KCF-020", u] in kconfig.unknown

not_applicable contains n if some ["KCF-020", n] in kconfig.not_applicable
