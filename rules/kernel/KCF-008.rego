# METADATA
# scope: package
# title: "Unsigned modules"
# description: |-
#   Who loads a module runs code in the kernel.
# custom:
#   id: KCF-008
#   severity: high
#   pack: hardened
#   controls: ["ANSSI R18", "SRG-OS-000366-GPOS-00153?"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_008

import data.seaworthy.tables.kconfig

checked contains r if some ["KCF-008", r] in kconfig.checked

fail contains f if some ["KCF-008", f] in kconfig.fail

unknown contains u if some ["KCF-008", u] in kconfig.unknown

not_applicable contains n if some ["KCF-008", n] in kconfig.not_applicable
