# METADATA
# scope: package
# title: "SYN floods"
# description: |-
#   SYN cookies must be built in.
# custom:
#   id: KCF-025
#   severity: low
#   pack: baseline
#   controls: ["ANSSI R22"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_025

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-025"]

fail contains f if some f in kconfig.all_fail["KCF-025"]

unknown contains u if some u in kconfig.all_unknown["KCF-025"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-025"]
