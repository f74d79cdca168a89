# METADATA
# scope: package
# title: "Interfaces that exploits use are open"
# description: |-
#   Exploits use userfaultfd, io_uring, line disciplines and TIOCSTI. Few systems need them.
# custom:
#   id: SYS-009
#   severity: low
#   pack: hardened
#   controls: []
#   remediation: "Write the setting to a file in /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_009

import data.seaworthy.tables.sysctl

checked contains r if some r in sysctl.all_checked["SYS-009"]

fail contains f if some f in sysctl.all_fail["SYS-009"]

unknown contains u if some u in sysctl.all_unknown["SYS-009"]

not_applicable contains n if some n in sysctl.all_not_applicable["SYS-009"]
