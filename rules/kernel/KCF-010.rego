# METADATA
# scope: package
# title: "Security modules are missing"
# description: |-
#   The kernel should have Yama, Landlock and one module for mandatory access control. Without them,
#   processes can trace each other, and profiles cannot confine programs.
# custom:
#   id: KCF-010
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R20", "ANSSI R11", "ANSSI R37?", "ANSSI R45?"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_010

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-010"]

fail contains f if some f in kconfig.all_fail["KCF-010"]

unknown contains u if some u in kconfig.all_unknown["KCF-010"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-010"]
