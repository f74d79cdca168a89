# METADATA
# scope: package
# title: "Verified boot is not possible"
# description: |-
#   dm-verity, fs-verity and the EFI stub let the system verify what it boots and reads. Without them,
#   changes on the disk are not detected.
# custom:
#   id: KCF-022
#   severity: medium
#   pack: strict
#   controls: ["CRA I.I(2)(f)?", "ANSSI R3?"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_022

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-022"]

fail contains f if some f in kconfig.all_fail["KCF-022"]

unknown contains u if some u in kconfig.all_unknown["KCF-022"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-022"]
