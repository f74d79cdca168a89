# METADATA
# scope: package
# title: "IPv6 trusts other hosts"
# description: |-
#   Redirects, source routes and router advertisements let other hosts divert traffic.
# custom:
#   id: SYS-013
#   severity: medium
#   pack: baseline
#   controls: ["SRG-OS-000480-GPOS-00227"]
#   remediation: "Write the setting to a file in /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_013

import data.seaworthy.tables.netns
import data.seaworthy.tables.sysctl

checked contains r if some r in sysctl.all_checked["SYS-013"]

checked contains r if some r in netns.all_checked["SYS-013"]

fail contains f if some f in sysctl.all_fail["SYS-013"]

fail contains f if some f in netns.all_fail["SYS-013"]

unknown contains u if some u in sysctl.all_unknown["SYS-013"]

not_applicable contains n if some n in sysctl.all_not_applicable["SYS-013"]
