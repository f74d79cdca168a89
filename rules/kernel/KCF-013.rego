# METADATA
# scope: package
# title: "The kernel has no seccomp"
# description: |-
#   The kernel cannot apply the seccomp profiles of containers. Every system call is open to every
#   container.
# custom:
#   id: KCF-013
#   severity: critical
#   pack: baseline
#   controls: ["ANSSI R20", "CIS-D 5.22"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_013

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-013"]

fail contains f if some f in kconfig.all_fail["KCF-013"]

unknown contains u if some u in kconfig.all_unknown["KCF-013"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-013"]
