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

checked contains r if some ["KCF-013", r] in kconfig.checked

fail contains f if some ["KCF-013", f] in kconfig.fail

unknown contains u if some ["KCF-013", u] in kconfig.unknown

not_applicable contains n if some ["KCF-013", n] in kconfig.not_applicable
