# METADATA
# scope: package
# title: "Sysctls let the kernel continue after an oops"
# description: |-
#   panic_on_oops, oops_limit and warn_limit stop the system after internal errors. Otherwise the kernel
#   continues in a damaged state, and an attacker can try the exploit again.
# custom:
#   id: SYS-011
#   severity: low
#   pack: strict
#   controls: ["ANSSI R9"]
#   remediation: "Write the setting to a file in /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_011

import data.seaworthy.tables.sysctl

checked contains r if some r in sysctl.all_checked["SYS-011"]

fail contains f if some f in sysctl.all_fail["SYS-011"]

unknown contains u if some u in sysctl.all_unknown["SYS-011"]

not_applicable contains n if some n in sysctl.all_not_applicable["SYS-011"]
