# METADATA
# scope: package
# title: "SysRq keys are enabled"
# description: |-
#   A person at the console can kill processes, dump memory or reboot with SysRq keys. Only the keys
#   that sync and reboot should work.
# custom:
#   id: SYS-008
#   severity: low
#   pack: hardened
#   controls: ["ANSSI R9"]
#   remediation: "Write the setting to a file in /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_008

import data.seaworthy.tables.sysctl

checked contains r if some r in sysctl.all_checked["SYS-008"]

fail contains f if some f in sysctl.all_fail["SYS-008"]

unknown contains u if some u in sysctl.all_unknown["SYS-008"]

not_applicable contains n if some n in sysctl.all_not_applicable["SYS-008"]
