# METADATA
# scope: package
# title: "Rarely used drivers and protocols"
# description: |-
#   Code that any user can make the kernel load.
# custom:
#   id: KCF-017
#   severity: low
#   pack: strict
#   controls: ["SRG-OS-000095-GPOS-00049"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_017

import data.seaworthy.tables.kconfig

checked contains r if some ["KCF-017", r] in kconfig.checked

fail contains f if some ["KCF-017", f] in kconfig.fail

unknown contains u if some ["KCF-017", u] in kconfig.unknown

not_applicable contains n if some ["KCF-017", n] in kconfig.not_applicable
