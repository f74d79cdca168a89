# METADATA
# scope: package
# title: "Mitigations of CPU vulnerabilities are not built in"
# description: |-
#   Each mitigation has its own option; some apply to the CPUs of one vendor only. Without it, a process
#   or a guest can read memory of the kernel and of other processes.
# custom:
#   id: KCF-004
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R15", "ANSSI R25", "ANSSI R27"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_004

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-004"]

fail contains f if some f in kconfig.all_fail["KCF-004"]

unknown contains u if some u in kconfig.all_unknown["KCF-004"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-004"]
