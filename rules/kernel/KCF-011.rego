# METADATA
# scope: package
# title: "Raw memory within reach"
# description: |-
#   /dev/mem, /dev/port, /proc/kcore, MSRs and ACPI tables.
# custom:
#   id: KCF-011
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R15"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_011

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-011"]

fail contains f if some f in kconfig.all_fail["KCF-011"]

unknown contains u if some u in kconfig.all_unknown["KCF-011"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-011"]
