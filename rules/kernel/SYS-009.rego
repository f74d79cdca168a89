# METADATA
# scope: package
# title: "Interfaces that exploits use"
# description: |-
#   userfaultfd, io_uring, line disciplines, TIOCSTI.
# custom:
#   id: SYS-009
#   severity: low
#   pack: hardened
#   controls: []
#   remediation: "Write the setting to /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_009

import data.seaworthy.tables.sysctl

checked contains r if some ["SYS-009", r] in sysctl.checked

fail contains f if some ["SYS-009", f] in sysctl.fail

unknown contains u if some ["SYS-009", u] in sysctl.unknown

not_applicable contains n if some ["SYS-009", n] in sysctl.not_applicable
