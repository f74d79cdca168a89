# METADATA
# scope: package
# title: "Fixed code pages"
# description: |-
#   vsyscall and the 32-bit vDSO.
# custom:
#   id: CMD-005
#   severity: low
#   pack: hardened
#   controls: ["SRG-OS-000134-GPOS-00068", "ANSSI R15?"]
#   remediation: "Change kernel.cmdline."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_005

import data.seaworthy.tables.cmdline

checked contains r if some ["CMD-005", r] in cmdline.checked

fail contains f if some ["CMD-005", f] in cmdline.fail

unknown contains u if some ["CMD-005", u] in cmdline.unknown

not_applicable contains n if some ["CMD-005", n] in cmdline.not_applicable
