# METADATA
# scope: package
# title: "Processes can trace each other"
# description: |-
#   Yama's ptrace_scope limits which processes a process can trace. Otherwise a process can read and
#   change the memory of every other process of the same user.
# custom:
#   id: SYS-004
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R11", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Write the setting to a file in /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_004

import data.seaworthy.tables.sysctl

checked contains r if some r in sysctl.all_checked["SYS-004"]

fail contains f if some f in sysctl.all_fail["SYS-004"]

unknown contains u if some u in sysctl.all_unknown["SYS-004"]

not_applicable contains n if some n in sysctl.all_not_applicable["SYS-004"]
