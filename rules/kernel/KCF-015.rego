# METADATA
# scope: package
# title: "Old interfaces"
# description: |-
#   32-bit calls, x32, modify_ldt, vsyscall and a.out.
# custom:
#   id: KCF-015
#   severity: low
#   pack: strict
#   controls: ["ANSSI R15", "ANSSI R25", "ANSSI R23"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_015

import data.seaworthy.tables.kconfig

checked contains r if some ["KCF-015", r] in kconfig.checked

fail contains f if some ["KCF-015", f] in kconfig.fail

unknown contains u if some ["KCF-015", u] in kconfig.unknown

not_applicable contains n if some ["KCF-015", n] in kconfig.not_applicable
