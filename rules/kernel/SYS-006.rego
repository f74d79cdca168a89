# METADATA
# scope: package
# title: "kexec can be used"
# description: |-
#   kexec_load_disabled.
# custom:
#   id: SYS-006
#   severity: medium
#   pack: hardened
#   controls: ["SRG-OS-000366-GPOS-00153", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Write the setting to /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_006

import data.seaworthy.tables.sysctl

checked contains r if some ["SYS-006", r] in sysctl.checked

fail contains f if some ["SYS-006", f] in sysctl.fail

unknown contains u if some ["SYS-006", u] in sysctl.unknown

not_applicable contains n if some ["SYS-006", n] in sysctl.not_applicable
