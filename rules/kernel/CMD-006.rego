# METADATA
# scope: package
# title: "Devices reach all memory"
# description: |-
#   IOMMU parameters; for bare metal.
# custom:
#   id: CMD-006
#   severity: medium
#   pack: strict
#   controls: ["ANSSI R7"]
#   remediation: "Change kernel.cmdline."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_006

import data.seaworthy.tables.cmdline

checked contains r if some ["CMD-006", r] in cmdline.checked

fail contains f if some ["CMD-006", f] in cmdline.fail

unknown contains u if some ["CMD-006", u] in cmdline.unknown

not_applicable contains n if some ["CMD-006", n] in cmdline.not_applicable
