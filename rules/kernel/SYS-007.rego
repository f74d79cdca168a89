# METADATA
# scope: package
# title: "Modules can be loaded at any time"
# description: |-
#   Without modules_disabled, root can load a module at any time and run code in the kernel. Set it
#   after the last module is loaded; JNT-015 checks the order.
# custom:
#   id: SYS-007
#   severity: medium
#   pack: strict
#   controls: ["ANSSI R10"]
#   remediation: "Write the setting to a file in /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_007

import data.seaworthy.tables.sysctl

checked contains r if some r in sysctl.all_checked["SYS-007"]

fail contains f if some f in sysctl.all_fail["SYS-007"]

unknown contains u if some u in sysctl.all_unknown["SYS-007"]

not_applicable contains n if some n in sysctl.all_not_applicable["SYS-007"]
