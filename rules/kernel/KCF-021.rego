# METADATA
# scope: package
# title: "Containers without walls"
# description: |-
#   cgroups, namespaces and BPF device filters, without which runtime specs ask in vain.
# custom:
#   id: KCF-021
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.18?", "CIS-D 5.29?"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_021

import data.seaworthy.tables.kconfig

checked contains r if some ["KCF-021", r] in kconfig.checked

fail contains f if some ["KCF-021", f] in kconfig.fail

unknown contains u if some ["KCF-021", u] in kconfig.unknown

not_applicable contains n if some ["KCF-021", n] in kconfig.not_applicable
