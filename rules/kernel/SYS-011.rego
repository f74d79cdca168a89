# METADATA
# scope: package
# title: "Runs on after an oops"
# description: |-
#   panic_on_oops, oops_limit, warn_limit.
# custom:
#   id: SYS-011
#   severity: low
#   pack: strict
#   controls: ["ANSSI R9"]
#   remediation: "Write the setting to /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_011

import data.seaworthy.tables.sysctl

checked contains r if some ["SYS-011", r] in sysctl.checked

fail contains f if some ["SYS-011", f] in sysctl.fail

unknown contains u if some ["SYS-011", u] in sysctl.unknown

not_applicable contains n if some ["SYS-011", n] in sysctl.not_applicable
