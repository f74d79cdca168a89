# METADATA
# scope: package
# title: "Kernel memory is writable and executable"
# description: |-
#   The kernel must not allow writes to its code, or the execution of its data. Otherwise an attacker
#   who can write to kernel memory can run code there.
# custom:
#   id: KCF-001
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R15", "ANSSI R18", "SRG-OS-000433-GPOS-00192", "ANSSI R19", "CRA I.I(2)(k)", "ANSSI R8"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_001

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-001"]

fail contains f if some f in kconfig.all_fail["KCF-001"]

unknown contains u if some u in kconfig.all_unknown["KCF-001"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-001"]
