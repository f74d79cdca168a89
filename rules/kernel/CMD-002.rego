# METADATA
# scope: package
# title: "Protections of the kernel are switched off"
# description: |-
#   Parameters of the command line switch off KASLR, SMEP, SMAP, the write protection of kernel memory
#   or the hashing of addresses. Without them, a bug in the kernel is easier to exploit.
# custom:
#   id: CMD-002
#   severity: critical
#   pack: baseline
#   controls: ["SRG-OS-000433-GPOS-00193", "ANSSI R9", "ANSSI R25", "CRA I.I(2)(k)", "SRG-OS-000433-GPOS-00192"]
#   remediation: "Change kernel.cmdline in os.yml as the finding says."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_002

import data.seaworthy.tables.cmdline

checked contains r if some r in cmdline.all_checked["CMD-002"]

fail contains f if some f in cmdline.all_fail["CMD-002"]

unknown contains u if some u in cmdline.all_unknown["CMD-002"]

not_applicable contains n if some n in cmdline.all_not_applicable["CMD-002"]
