# METADATA
# scope: package
# title: "Kernel addresses and logs are readable by all users"
# description: |-
#   kptr_restrict, dmesg_restrict and perf_event_paranoid limit who can read kernel addresses and logs.
#   Exploits use this information to find their targets.
# custom:
#   id: SYS-001
#   severity: medium
#   pack: baseline
#   controls: ["ANSSI R9", "SRG-OS-000132-GPOS-00067", "SRG-OS-000138-GPOS-00069", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Write the setting to a file in /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_001

import data.seaworthy.tables.sysctl

checked contains r if some r in sysctl.all_checked["SYS-001"]

fail contains f if some f in sysctl.all_fail["SYS-001"]

unknown contains u if some u in sysctl.all_unknown["SYS-001"]

not_applicable contains n if some n in sysctl.all_not_applicable["SYS-001"]
