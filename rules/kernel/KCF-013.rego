# METADATA
# scope: package
# title: "No seccomp in the kernel"
# description: |-
#   Profiles cannot be applied.
# custom:
#   id: KCF-013
#   severity: critical
#   pack: baseline
#   controls: ["ANSSI R20", "CIS-D 5.22"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_013

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-013"]

fail contains f if some f in kconfig.all_fail["KCF-013"]

unknown contains u if some u in kconfig.all_unknown["KCF-013"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-013"]
