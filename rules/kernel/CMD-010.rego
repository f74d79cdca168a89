# METADATA
# scope: package
# title: "Limits switched off"
# description: |-
#   cgroup controllers that are disabled leave limits without effect.
# custom:
#   id: CMD-010
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.11?"]
#   remediation: "Change kernel.cmdline."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_010

import data.seaworthy.tables.cmdline

checked contains r if some ["CMD-010", r] in cmdline.checked

fail contains f if some ["CMD-010", f] in cmdline.fail

unknown contains u if some ["CMD-010", u] in cmdline.unknown

not_applicable contains n if some ["CMD-010", n] in cmdline.not_applicable
