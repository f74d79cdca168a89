# METADATA
# scope: package
# title: "Memory keeps old contents"
# description: |-
#   The kernel should clear stack variables and registers. Otherwise bugs can reveal old contents, such
#   as keys and addresses. CMD-004 checks the heap.
# custom:
#   id: KCF-006
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R17", "ANSSI R21"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_006

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-006"]

fail contains f if some f in kconfig.all_fail["KCF-006"]

unknown contains u if some u in kconfig.all_unknown["KCF-006"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-006"]
