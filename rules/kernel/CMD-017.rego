# METADATA
# scope: package
# title: "Mitigations and checks that cost"
# description: |-
#   What KSPP, ANSSI and DISA ask of the command line beyond the kernel's own
#   choice: mitigations even where the CPU claims to need none, checks of the
#   heap, a forced IOMMU, an audit trail from the first moment. Each has a price
#   in speed or in what still works.
# custom:
#   id: CMD-017
#   severity: low
#   pack: strict
#   controls: ["ANSSI R7", "ANSSI R8", "ANSSI R15"]
#   remediation: "Change kernel.cmdline."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_017

import data.seaworthy.tables.cmdline

checked contains r if some r in cmdline.all_checked["CMD-017"]

fail contains f if some f in cmdline.all_fail["CMD-017"]

unknown contains u if some u in cmdline.all_unknown["CMD-017"]

not_applicable contains n if some n in cmdline.all_not_applicable["CMD-017"]
