# METADATA
# scope: package
# title: "The kernel has no SYN cookies"
# description: |-
#   A flood of SYN packets can fill the queue of connections. Without SYN cookies the system then
#   refuses new connections.
# custom:
#   id: KCF-025
#   severity: low
#   pack: baseline
#   controls: ["ANSSI R22"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_025

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-025"]

fail contains f if some f in kconfig.all_fail["KCF-025"]

unknown contains u if some u in kconfig.all_unknown["KCF-025"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-025"]
