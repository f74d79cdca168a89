# METADATA
# scope: package
# title: "Debug switches"
# description: |-
#   They slow down, print internals or open a debugger.
# custom:
#   id: CMD-009
#   severity: medium
#   pack: hardened
#   controls: ["800-190 4.5.1?", "CRA I.I(2)(j)?"]
#   remediation: "Change kernel.cmdline."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_009

import data.seaworthy.tables.cmdline

checked contains r if some ["CMD-009", r] in cmdline.checked

fail contains f if some ["CMD-009", f] in cmdline.fail

unknown contains u if some ["CMD-009", u] in cmdline.unknown

not_applicable contains n if some ["CMD-009", n] in cmdline.not_applicable
