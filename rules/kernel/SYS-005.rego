# METADATA
# scope: package
# title: "Programs at known addresses"
# description: |-
#   randomize_va_space and the bits of randomness.
# custom:
#   id: SYS-005
#   severity: medium
#   pack: baseline
#   controls: ["ANSSI R9", "SRG-OS-000433-GPOS-00193", "ANSSI R8", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Write the setting to /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_005

import data.seaworthy.tables.sysctl

checked contains r if some ["SYS-005", r] in sysctl.checked

fail contains f if some ["SYS-005", f] in sysctl.fail

unknown contains u if some ["SYS-005", u] in sysctl.unknown

not_applicable contains n if some ["SYS-005", n] in sysctl.not_applicable
