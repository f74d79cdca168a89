# METADATA
# scope: package
# title: "Mitigations of CPU vulnerabilities are switched off"
# description: |-
#   Parameters of the command line switch off the mitigations of Meltdown, Spectre and similar CPU
#   vulnerabilities. A process, a container or a guest can then read memory of the kernel and of other
#   processes.
# custom:
#   id: CMD-001
#   severity: critical
#   pack: baseline
#   controls: ["ANSSI R8", "CRA I.I(2)(k)"]
#   remediation: "Change kernel.cmdline in os.yml as the finding says."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_001

import data.seaworthy.tables.cmdline

checked contains r if some r in cmdline.all_checked["CMD-001"]

fail contains f if some f in cmdline.all_fail["CMD-001"]

unknown contains u if some u in cmdline.all_unknown["CMD-001"]

not_applicable contains n if some n in cmdline.all_not_applicable["CMD-001"]
