# METADATA
# scope: package
# title: "The command line lets the kernel continue after an oops"
# description: |-
#   After an internal error (an oops) the kernel continues to run in a damaged state. An attacker can
#   use this state, or try the exploit again.
# custom:
#   id: CMD-015
#   severity: low
#   pack: strict
#   controls: ["ANSSI R9", "ANSSI R19?"]
#   remediation: "Change kernel.cmdline in os.yml as the finding says."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_015

import data.seaworthy.tables.cmdline

checked contains r if some r in cmdline.all_checked["CMD-015"]

fail contains f if some f in cmdline.all_fail["CMD-015"]

unknown contains u if some u in cmdline.all_unknown["CMD-015"]

not_applicable contains n if some n in cmdline.all_not_applicable["CMD-015"]
