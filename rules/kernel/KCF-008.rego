# METADATA
# scope: package
# title: "The kernel is built to accept unsigned modules"
# description: |-
#   A process that can load a module runs code in the kernel. Signatures limit modules to those of your
#   build.
# custom:
#   id: KCF-008
#   severity: high
#   pack: hardened
#   controls: ["ANSSI R18", "ANSSI R10", "SRG-OS-000366-GPOS-00153"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_008

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-008"]

fail contains f if some f in kconfig.all_fail["KCF-008"]

unknown contains u if some u in kconfig.all_unknown["KCF-008"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-008"]
