# METADATA
# scope: package
# title: "IPv4 trusts its neighbours"
# description: |-
#   Redirects, source routes, reverse path filter, logging.
# custom:
#   id: SYS-012
#   severity: medium
#   pack: baseline
#   controls: ["ANSSI R12", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Write the setting to /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_012

import data.seaworthy.tables.sysctl

checked contains r if some ["SYS-012", r] in sysctl.checked

fail contains f if some ["SYS-012", f] in sysctl.fail

unknown contains u if some ["SYS-012", u] in sysctl.unknown

not_applicable contains n if some ["SYS-012", n] in sysctl.not_applicable
