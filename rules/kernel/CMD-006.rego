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

checked contains r if some r in cmdline.all_checked["CMD-006"]

fail contains f if some f in cmdline.all_fail["CMD-006"]

unknown contains u if some u in cmdline.all_unknown["CMD-006"]

not_applicable contains n if some n in cmdline.all_not_applicable["CMD-006"]
