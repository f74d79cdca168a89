# METADATA
# scope: package
# title: "Protections switched off"
# description: |-
#   KASLR, SMEP, SMAP, write protection, address hashing.
# custom:
#   id: CMD-002
#   severity: critical
#   pack: baseline
#   controls: ["SRG-OS-000433-GPOS-00193", "ANSSI R9", "ANSSI R25", "CRA I.I(2)(k)", "SRG-OS-000433-GPOS-00192"]
#   remediation: "Change kernel.cmdline."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_002

import data.seaworthy.tables.cmdline

checked contains r if some ["CMD-002", r] in cmdline.checked

fail contains f if some ["CMD-002", f] in cmdline.fail

unknown contains u if some ["CMD-002", u] in cmdline.unknown

not_applicable contains n if some ["CMD-002", n] in cmdline.not_applicable
