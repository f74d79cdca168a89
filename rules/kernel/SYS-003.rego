# METADATA
# scope: package
# title: "Links and files in shared folders"
# description: |-
#   protected_symlinks, hardlinks, fifos, regular; suid_dumpable.
# custom:
#   id: SYS-003
#   severity: medium
#   pack: baseline
#   controls: ["ANSSI R14", "SRG-OS-000324-GPOS-00125"]
#   remediation: "Write the setting to /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_003

import data.seaworthy.tables.sysctl

checked contains r if some ["SYS-003", r] in sysctl.checked

fail contains f if some ["SYS-003", f] in sysctl.fail

unknown contains u if some ["SYS-003", u] in sysctl.unknown

not_applicable contains n if some ["SYS-003", n] in sysctl.not_applicable
