# METADATA
# scope: package
# title: "BPF for everybody"
# description: |-
#   unprivileged_bpf_disabled and bpf_jit_harden.
# custom:
#   id: SYS-002
#   severity: medium
#   pack: baseline
#   controls: ["ANSSI R9", "ANSSI R12", "SRG-OS-000480-GPOS-00227"]
#   remediation: "Write the setting to /etc/sysctl.d of the onboot component that applies sysctls."
#   inputs: ["sysctls", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.SYS_002

import data.seaworthy.tables.sysctl

checked contains r if some ["SYS-002", r] in sysctl.checked

fail contains f if some ["SYS-002", f] in sysctl.fail

unknown contains u if some ["SYS-002", u] in sysctl.unknown

not_applicable contains n if some ["SYS-002", n] in sysctl.not_applicable
