# METADATA
# scope: package
# title: "SYN cookies are off"
# description: |-
#   A flood of SYN packets can fill the queue of connections. Without tcp_syncookies the system then
#   refuses new connections.
# custom:
#   id: SYS-014
#   severity: low
#   pack: baseline
#   controls: ["ANSSI R12", "CRA I.I(2)(h)", "SRG-OS-000142-GPOS-00071?", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Write the setting to a file in /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_014

import data.seaworthy.tables.netns
import data.seaworthy.tables.sysctl

checked contains r if some r in sysctl.all_checked["SYS-014"]

checked contains r if some r in netns.all_checked["SYS-014"]

fail contains f if some f in sysctl.all_fail["SYS-014"]

fail contains f if some f in netns.all_fail["SYS-014"]

unknown contains u if some u in sysctl.all_unknown["SYS-014"]

not_applicable contains n if some n in sysctl.all_not_applicable["SYS-014"]
