# METADATA
# scope: package
# title: "The command line lets devices access all memory"
# description: |-
#   The command line does not make the IOMMU limit which memory a device can access. A malicious device
#   can read and change the memory of the kernel. The rule matters on bare metal.
# custom:
#   id: CMD-006
#   severity: medium
#   pack: strict
#   controls: ["ANSSI R7"]
#   remediation: "Change kernel.cmdline in os.yml as the finding says."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_006

import data.seaworthy.tables.cmdline

checked contains r if some r in cmdline.all_checked["CMD-006"]

fail contains f if some f in cmdline.all_fail["CMD-006"]

unknown contains u if some u in cmdline.all_unknown["CMD-006"]

not_applicable contains n if some n in cmdline.all_not_applicable["CMD-006"]
