# METADATA
# scope: package
# title: "The kernel has no lockdown"
# description: |-
#   The lockdown module keeps root from changing the kernel. It must be built in; CMD-007 checks whether
#   it is on.
# custom:
#   id: KCF-009
#   severity: medium
#   pack: hardened
#   controls: []
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_009

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-009"]

fail contains f if some f in kconfig.all_fail["KCF-009"]

unknown contains u if some u in kconfig.all_unknown["KCF-009"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-009"]
