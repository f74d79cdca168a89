# METADATA
# scope: package
# title: "The kernel does not check its data"
# description: |-
#   Checks of copies to user space, strings, lists and reference counters stop common memory errors
#   before they can be exploited.
# custom:
#   id: KCF-007
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R15", "ANSSI R16"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_007

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-007"]

fail contains f if some f in kconfig.all_fail["KCF-007"]

unknown contains u if some u in kconfig.all_unknown["KCF-007"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-007"]
