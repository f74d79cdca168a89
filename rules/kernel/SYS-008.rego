# METADATA
# scope: package
# title: "Magic keys"
# description: |-
#   sysrq does more than sync and reboot.
# custom:
#   id: SYS-008
#   severity: low
#   pack: hardened
#   controls: ["ANSSI R9"]
#   remediation: "Write the setting to /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_008

import data.seaworthy.tables.sysctl

checked contains r if some ["SYS-008", r] in sysctl.checked

fail contains f if some ["SYS-008", f] in sysctl.fail

unknown contains u if some ["SYS-008", u] in sysctl.unknown

not_applicable contains n if some ["SYS-008", n] in sysctl.not_applicable
