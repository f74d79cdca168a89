# METADATA
# scope: package
# title: "Old interfaces are built in"
# description: |-
#   32-bit system calls, x32, modify_ldt, vsyscall and a.out add kernel code that attackers can reach.
#   Few programs need them.
# custom:
#   id: KCF-015
#   severity: low
#   pack: strict
#   controls: ["ANSSI R15", "ANSSI R25", "ANSSI R23"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_015

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-015"]

fail contains f if some f in kconfig.all_fail["KCF-015"]

unknown contains u if some u in kconfig.all_unknown["KCF-015"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-015"]
