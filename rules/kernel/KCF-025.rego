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

checked contains r if some ["KCF-025", r] in kconfig.checked

fail contains f if some ["KCF-025", f] in kconfig.fail

unknown contains u if some ["KCF-025", u] in kconfig.unknown

not_applicable contains n if some ["KCF-025", n] in kconfig.not_applicable
