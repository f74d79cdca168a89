# METADATA
# scope: package
# title: "Memory hardening is not switched on"
# description: |-
#   Neither the command line nor the kernel configuration switches on zeroed memory, separate slab
#   caches, shuffled pages or random stack offsets. Attackers can read old contents of memory and guess
#   where kernel objects are.
# custom:
#   id: CMD-004
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R8", "SRG-OS-000134-GPOS-00068"]
#   remediation: "Change kernel.cmdline in os.yml as the finding says."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_004

import data.seaworthy.tables.cmdline

checked contains r if some r in cmdline.all_checked["CMD-004"]

fail contains f if some f in cmdline.all_fail["CMD-004"]

unknown contains u if some u in cmdline.all_unknown["CMD-004"]

not_applicable contains n if some n in cmdline.all_not_applicable["CMD-004"]
