# METADATA
# scope: package
# title: "Heap without hardening"
# description: |-
#   Randomised and separated slab caches.
# custom:
#   id: KCF-005
#   severity: medium
#   pack: hardened
#   controls: ["ANSSI R17"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_005

import data.seaworthy.tables.kconfig

checked contains r if some ["KCF-005", r] in kconfig.checked

fail contains f if some ["KCF-005", f] in kconfig.fail

unknown contains u if some ["KCF-005", u] in kconfig.unknown

not_applicable contains n if some ["KCF-005", n] in kconfig.not_applicable
