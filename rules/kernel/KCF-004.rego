# METADATA
# scope: package
# title: "Mitigations of CPU vulnerabilities not compiled in"
# description: |-
#   Each has its own option; some are only for one vendor.
# custom:
#   id: KCF-004
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R15", "ANSSI R25", "ANSSI R27"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_004

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-004"]

fail contains f if some f in kconfig.all_fail["KCF-004"]

unknown contains u if some u in kconfig.all_unknown["KCF-004"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-004"]
