# METADATA
# scope: package
# title: "Another kernel can replace the verified one"
# description: |-
#   With kexec or hibernation, root can start a kernel that was not verified.
# custom:
#   id: KCF-012
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R23"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_012

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-012"]

fail contains f if some f in kconfig.all_fail["KCF-012"]

unknown contains u if some u in kconfig.all_unknown["KCF-012"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-012"]
