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

checked contains r if some ["KCF-011", r] in kconfig.checked

fail contains f if some ["KCF-011", f] in kconfig.fail

unknown contains u if some ["KCF-011", u] in kconfig.unknown

not_applicable contains n if some ["KCF-011", n] in kconfig.not_applicable
