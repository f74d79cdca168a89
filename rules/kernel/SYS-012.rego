# METADATA
# scope: package
# title: "IPv4 trusts other hosts"
# description: |-
#   Redirects, source routes and a missing reverse path filter let other hosts divert or forge traffic.
# custom:
#   id: SYS-012
#   severity: medium
#   pack: baseline
#   controls: ["ANSSI R12", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Write the setting to a file in /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_012

import data.seaworthy.tables.netns
import data.seaworthy.tables.sysctl

checked contains r if some r in sysctl.all_checked["SYS-012"]

checked contains r if some r in netns.all_checked["SYS-012"]

fail contains f if some f in sysctl.all_fail["SYS-012"]

fail contains f if some f in netns.all_fail["SYS-012"]

unknown contains u if some u in sysctl.all_unknown["SYS-012"]

not_applicable contains n if some n in sysctl.all_not_applicable["SYS-012"]
