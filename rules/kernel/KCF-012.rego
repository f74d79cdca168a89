# METADATA
# scope: package
# title: "Another kernel can take over"
# description: |-
#   kexec and hibernation replace the kernel that was verified.
# custom:
#   id: KCF-012
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R23"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_012

import data.seaworthy.tables.kconfig

checked contains r if some ["KCF-012", r] in kconfig.checked

fail contains f if some ["KCF-012", f] in kconfig.fail

unknown contains u if some ["KCF-012", u] in kconfig.unknown

not_applicable contains n if some ["KCF-012", n] in kconfig.not_applicable
