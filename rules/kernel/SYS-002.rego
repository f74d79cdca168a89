# METADATA
# scope: package
# title: "All users can load BPF programs"
# description: |-
#   unprivileged_bpf_disabled keeps users without privileges from loading BPF programs; bpf_jit_harden
#   makes compiled programs harder to misuse. Bugs in BPF give such users the memory of the kernel.
# custom:
#   id: SYS-002
#   severity: medium
#   pack: baseline
#   controls: ["ANSSI R9", "ANSSI R12", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Write the setting to a file in /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_002

import data.seaworthy.tables.sysctl

checked contains r if some r in sysctl.all_checked["SYS-002"]

fail contains f if some f in sysctl.all_fail["SYS-002"]

unknown contains u if some u in sysctl.all_unknown["SYS-002"]

not_applicable contains n if some n in sysctl.all_not_applicable["SYS-002"]
