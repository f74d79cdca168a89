# METADATA
# scope: package
# title: "Programs are at known addresses"
# description: |-
#   randomize_va_space and the number of random bits decide how hard it is to guess the addresses of a
#   program. Exploits need these addresses.
# custom:
#   id: SYS-005
#   severity: medium
#   pack: baseline
#   controls: ["ANSSI R9", "SRG-OS-000433-GPOS-00193", "ANSSI R8", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Write the setting to a file in /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_005

import data.seaworthy.tables.sysctl

checked contains r if some r in sysctl.all_checked["SYS-005"]

fail contains f if some f in sysctl.all_fail["SYS-005"]

unknown contains u if some u in sysctl.all_unknown["SYS-005"]

not_applicable contains n if some n in sysctl.all_not_applicable["SYS-005"]
