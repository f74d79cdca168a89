# METADATA
# scope: package
# title: "Costly mitigations and checks are off"
# description: |-
#   KSPP, ANSSI and DISA recommend parameters that go beyond the defaults of the kernel: mitigations
#   even on CPUs that claim to need none, checks of the heap, a forced IOMMU, an audit trail from the
#   start of boot. Each costs speed or breaks some software.
# custom:
#   id: CMD-017
#   severity: low
#   pack: strict
#   controls: ["ANSSI R7", "ANSSI R8", "ANSSI R15"]
#   remediation: "Change kernel.cmdline in os.yml as the finding says."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_017

import data.seaworthy.tables.cmdline

checked contains r if some r in cmdline.all_checked["CMD-017"]

fail contains f if some f in cmdline.all_fail["CMD-017"]

unknown contains u if some u in cmdline.all_unknown["CMD-017"]

not_applicable contains n if some n in cmdline.all_not_applicable["CMD-017"]
