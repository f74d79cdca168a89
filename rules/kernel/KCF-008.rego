# METADATA
# scope: package
# title: "Unsigned modules"
# description: |-
#   Who loads a module runs code in the kernel.
# custom:
#   id: KCF-008
#   severity: high
#   pack: hardened
#   controls: ["ANSSI R18", "ANSSI R10", "SRG-OS-000366-GPOS-00153"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_008

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-008"]

fail contains f if some f in kconfig.all_fail["KCF-008"]

unknown contains u if some u in kconfig.all_unknown["KCF-008"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-008"]
