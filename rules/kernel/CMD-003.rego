# METADATA
# scope: package
# title: "Another PID 1"
# description: |-
#   init=, rdinit= or single-user mode start something that is not the init of the image.
# custom:
#   id: CMD-003
#   severity: high
#   pack: baseline
#   controls: ["CRA I.I(2)(f)?", "ANSSI R6?"]
#   remediation: "Change kernel.cmdline."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_003

import data.seaworthy.tables.cmdline

checked contains r if some ["CMD-003", r] in cmdline.checked

fail contains f if some ["CMD-003", f] in cmdline.fail

unknown contains u if some ["CMD-003", u] in cmdline.unknown

not_applicable contains n if some ["CMD-003", n] in cmdline.not_applicable
