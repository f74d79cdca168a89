# METADATA
# scope: package
# title: "Modules can be loaded for ever"
# description: |-
#   modules_disabled, set after the last module; JNT-015 checks the order.
# custom:
#   id: SYS-007
#   severity: medium
#   pack: strict
#   controls: ["ANSSI R10"]
#   remediation: "Write the setting to /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_007

import data.seaworthy.tables.sysctl

checked contains r if some ["SYS-007", r] in sysctl.checked

fail contains f if some ["SYS-007", f] in sysctl.fail

unknown contains u if some ["SYS-007", u] in sysctl.unknown

not_applicable contains n if some ["SYS-007", n] in sysctl.not_applicable
