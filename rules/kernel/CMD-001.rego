# METADATA
# scope: package
# title: "Mitigations of CPU vulnerabilities switched off"
# description: |-
#   Parameters that reopen Meltdown, Spectre and the rest.
# custom:
#   id: CMD-001
#   severity: critical
#   pack: baseline
#   controls: ["ANSSI R8", "CRA I.I(2)(k)"]
#   remediation: "Change kernel.cmdline."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_001

import data.seaworthy.tables.cmdline

checked contains r if some ["CMD-001", r] in cmdline.checked

fail contains f if some ["CMD-001", f] in cmdline.fail

unknown contains u if some ["CMD-001", u] in cmdline.unknown

not_applicable contains n if some ["CMD-001", n] in cmdline.not_applicable
