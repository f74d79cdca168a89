# METADATA
# scope: package
# title: "The kernel lets devices access all memory"
# description: |-
#   The IOMMU limits which memory a device can access. Without it, a malicious device can read and
#   change the memory of the kernel. Most rows apply to bare metal and are in the pack strict.
# custom:
#   id: KCF-014
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R7?"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_014

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-014"]

fail contains f if some f in kconfig.all_fail["KCF-014"]

unknown contains u if some u in kconfig.all_unknown["KCF-014"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-014"]
