# METADATA
# scope: package
# title: "Raw memory is accessible"
# description: |-
#   /dev/mem, /dev/port, /proc/kcore, MSRs and ACPI tables let root read or change the memory of the
#   kernel.
# custom:
#   id: KCF-011
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R15"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_011

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-011"]

fail contains f if some f in kconfig.all_fail["KCF-011"]

unknown contains u if some u in kconfig.all_unknown["KCF-011"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-011"]
