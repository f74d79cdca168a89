# METADATA
# scope: package
# title: "IPv6 trusts its neighbours"
# description: |-
#   Redirects, source routes, router advertisements.
# custom:
#   id: SYS-013
#   severity: medium
#   pack: baseline
#   controls: ["SRG-OS-000480-GPOS-00227", "ANSSI R13?"]
#   remediation: "Write the setting to /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_013

import data.seaworthy.tables.sysctl

checked contains r if some ["SYS-013", r] in sysctl.checked

fail contains f if some ["SYS-013", f] in sysctl.fail

unknown contains u if some ["SYS-013", u] in sysctl.unknown

not_applicable contains n if some ["SYS-013", n] in sysctl.not_applicable
