# METADATA
# scope: package
# title: "kexec is allowed"
# description: |-
#   Without kexec_load_disabled, root can start a kernel that was not verified.
# custom:
#   id: SYS-006
#   severity: medium
#   pack: hardened
#   controls: ["SRG-OS-000366-GPOS-00153", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Write the setting to a file in /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_006

import data.seaworthy.tables.sysctl

checked contains r if some r in sysctl.all_checked["SYS-006"]

fail contains f if some f in sysctl.all_fail["SYS-006"]

unknown contains u if some u in sysctl.all_unknown["SYS-006"]

not_applicable contains n if some n in sysctl.all_not_applicable["SYS-006"]
