# METADATA
# scope: package
# title: "Processes trace each other"
# description: |-
#   Yama's ptrace_scope.
# custom:
#   id: SYS-004
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R11", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Write the setting to /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_004

import data.seaworthy.tables.sysctl

checked contains r if some ["SYS-004", r] in sysctl.checked

fail contains f if some ["SYS-004", f] in sysctl.fail

unknown contains u if some ["SYS-004", u] in sysctl.unknown

not_applicable contains n if some ["SYS-004", n] in sysctl.not_applicable
