# METADATA
# scope: package
# title: "Runs on after an oops"
# description: |-
#   An internal error should stop the system, not leave it to an attacker.
# custom:
#   id: CMD-015
#   severity: low
#   pack: strict
#   controls: ["ANSSI R9", "ANSSI R19?"]
#   remediation: "Change kernel.cmdline."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_015

import data.seaworthy.tables.cmdline

checked contains r if some ["CMD-015", r] in cmdline.checked

fail contains f if some ["CMD-015", f] in cmdline.fail

unknown contains u if some ["CMD-015", u] in cmdline.unknown

not_applicable contains n if some ["CMD-015", n] in cmdline.not_applicable
