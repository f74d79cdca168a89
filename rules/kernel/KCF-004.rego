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

checked contains r if some ["KCF-004", r] in kconfig.checked

fail contains f if some ["KCF-004", f] in kconfig.fail

unknown contains u if some ["KCF-004", u] in kconfig.unknown

not_applicable contains n if some ["KCF-004", n] in kconfig.not_applicable
