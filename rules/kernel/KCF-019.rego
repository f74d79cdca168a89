# METADATA
# scope: package
# title: "The kernel lets all users load BPF programs"
# description: |-
#   Users without privileges must not load BPF programs, because bugs in the verifier give them the
#   memory of the kernel. BPF_SYSCALL itself may stay on: device rules need it on cgroup v2.
# custom:
#   id: KCF-019
#   severity: medium
#   pack: baseline
#   controls: ["ANSSI R9?"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_019

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-019"]

fail contains f if some f in kconfig.all_fail["KCF-019"]

unknown contains u if some u in kconfig.all_unknown["KCF-019"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-019"]
