# METADATA
# scope: package
# title: "Protections switched off"
# description: |-
#   KASLR, SMEP, SMAP, write protection, address hashing.
# custom:
#   id: CMD-002
#   severity: critical
#   pack: baseline
#   controls: ["ANSSI R1", "ANSSI R8", "SRG-OS-000433-GPOS-00193"]
#   remediation: "Change kernel.cmdline."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_002

import data.seaworthy.tables.cmdline

checked contains r if some r in cmdline.checked["CMD-002"]

fail contains f if some f in cmdline.fail["CMD-002"]

unknown contains u if some u in cmdline.unknown["CMD-002"]

not_applicable contains n if some n in cmdline.not_applicable["CMD-002"]
