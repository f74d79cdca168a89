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

checked contains r if some r in kconfig.all_checked["KCF-014"]

fail contains f if some f in kconfig.all_fail["KCF-014"]

unknown contains u if some u in kconfig.all_unknown["KCF-014"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-014"]
