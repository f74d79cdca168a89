# METADATA
# scope: package
# title: "The kernel is at a known address"
# description: |-
#   KASLR and related options place the kernel, its modules and its data at random addresses. Without
#   them, exploits know the addresses that they need.
# custom:
#   id: KCF-003
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R25", "ANSSI R27", "SRG-OS-000433-GPOS-00193", "ANSSI R15", "ANSSI R17", "CRA I.I(2)(k)"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_003

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-003"]

fail contains f if some f in kconfig.all_fail["KCF-003"]

unknown contains u if some u in kconfig.all_unknown["KCF-003"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-003"]
