# METADATA
# scope: package
# title: "BPF for everybody"
# description: |-
#   Users without privileges must not load programs. BPF_SYSCALL itself is needed for device rules on cgroup v2.
# custom:
#   id: KCF-019
#   severity: medium
#   pack: baseline
#   controls: ["ANSSI R9?"]
#   remediation: "Use a kernel that is built so."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_019

import data.seaworthy.tables.kconfig

checked contains r if some ["KCF-019", r] in kconfig.checked

fail contains f if some ["KCF-019", f] in kconfig.fail

unknown contains u if some ["KCF-019", u] in kconfig.unknown

not_applicable contains n if some ["KCF-019", n] in kconfig.not_applicable
