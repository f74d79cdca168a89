# METADATA
# scope: package
# title: "Sibling threads"
# description: |-
#   Several CPU vulnerabilities are only closed without SMT, at a price.
# custom:
#   id: CMD-016
#   severity: low
#   pack: strict
#   controls: ["ANSSI R8"]
#   remediation: "Change kernel.cmdline."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_016

import data.seaworthy.tables.cmdline

checked contains r if some ["CMD-016", r] in cmdline.checked

fail contains f if some ["CMD-016", f] in cmdline.fail

unknown contains u if some ["CMD-016", u] in cmdline.unknown

not_applicable contains n if some ["CMD-016", n] in cmdline.not_applicable
