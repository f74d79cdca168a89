# METADATA
# scope: package
# title: "The kernel cannot isolate containers"
# description: |-
#   cgroups, namespaces and BPF device filters enforce the limits that the specs of containers set.
#   Without them these limits have no effect.
# custom:
#   id: KCF-021
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.18?", "CIS-D 5.29?"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_021

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-021"]

fail contains f if some f in kconfig.all_fail["KCF-021"]

unknown contains u if some u in kconfig.all_unknown["KCF-021"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-021"]
