# METADATA
# scope: package
# title: "Code is mapped at fixed addresses"
# description: |-
#   The vsyscall page or the 32-bit vDSO is mapped at an address that attackers know. Exploits can jump
#   to the code there.
# custom:
#   id: CMD-005
#   severity: low
#   pack: hardened
#   controls: ["SRG-OS-000134-GPOS-00068", "ANSSI R15?"]
#   remediation: "Change kernel.cmdline in os.yml as the finding says."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_005

import data.seaworthy.tables.cmdline

checked contains r if some r in cmdline.all_checked["CMD-005"]

fail contains f if some f in cmdline.all_fail["CMD-005"]

unknown contains u if some u in cmdline.all_unknown["CMD-005"]

not_applicable contains n if some n in cmdline.all_not_applicable["CMD-005"]
