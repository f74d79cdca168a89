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

checked contains r if some r in cmdline.all_checked["CMD-003"]

fail contains f if some f in cmdline.all_fail["CMD-003"]

unknown contains u if some u in cmdline.all_unknown["CMD-003"]

not_applicable contains n if some n in cmdline.all_not_applicable["CMD-003"]
