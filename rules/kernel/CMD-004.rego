# METADATA
# scope: package
# title: "Memory hardening not switched on"
# description: |-
#   Zeroing, slab separation, page shuffling and random stack offsets: by parameter, or built in.
# custom:
#   id: CMD-004
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R8", "SRG-OS-000134-GPOS-00068"]
#   remediation: "Change kernel.cmdline."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_004

import data.seaworthy.tables.cmdline

checked contains r if some ["CMD-004", r] in cmdline.checked

fail contains f if some ["CMD-004", f] in cmdline.fail

unknown contains u if some ["CMD-004", u] in cmdline.unknown

not_applicable contains n if some ["CMD-004", n] in cmdline.not_applicable
