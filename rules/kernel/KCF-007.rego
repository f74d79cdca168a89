# METADATA
# scope: package
# title: "Kernel does not check its data"
# description: |-
#   Copies to user space, strings, lists and reference counters.
# custom:
#   id: KCF-007
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R15", "ANSSI R16"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_007

import data.seaworthy.tables.kconfig

checked contains r if some ["KCF-007", r] in kconfig.checked

fail contains f if some ["KCF-007", f] in kconfig.fail

unknown contains u if some ["KCF-007", u] in kconfig.unknown

not_applicable contains n if some ["KCF-007", n] in kconfig.not_applicable
