# METADATA
# scope: package
# title: "Links and files in shared folders are not protected"
# description: |-
#   protected_symlinks, protected_hardlinks, protected_fifos and protected_regular stop attacks through
#   links and files in shared folders such as /tmp. suid_dumpable keeps core dumps of setuid programs
#   from being read.
# custom:
#   id: SYS-003
#   severity: medium
#   pack: baseline
#   controls: ["ANSSI R14", "SRG-OS-000324-GPOS-00125"]
#   remediation: "Write the setting to a file in /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_003

import data.seaworthy.tables.sysctl

checked contains r if some r in sysctl.all_checked["SYS-003"]

fail contains f if some f in sysctl.all_fail["SYS-003"]

unknown contains u if some u in sysctl.all_unknown["SYS-003"]

not_applicable contains n if some n in sysctl.all_not_applicable["SYS-003"]
