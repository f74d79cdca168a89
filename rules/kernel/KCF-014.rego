# METADATA
# scope: package
# title: "Devices reach all memory"
# description: |-
#   The IOMMU keeps them from it; most rows are for bare metal and stand in strict.
# custom:
#   id: KCF-014
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R7?"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_014

import data.seaworthy.tables.kconfig

checked contains r if some ["KCF-014", r] in kconfig.checked

fail contains f if some ["KCF-014", f] in kconfig.fail

unknown contains u if some ["KCF-014", u] in kconfig.unknown

not_applicable contains n if some ["KCF-014", n] in kconfig.not_applicable
