# METADATA
# scope: package
# title: "cgroup limits are switched off"
# description: |-
#   The command line disables cgroup controllers. The limits of containers that need these controllers
#   have no effect.
# custom:
#   id: CMD-010
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.11?"]
#   remediation: "Change kernel.cmdline in os.yml as the finding says."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_010

import data.seaworthy.tables.cmdline

checked contains r if some r in cmdline.all_checked["CMD-010"]

fail contains f if some f in cmdline.all_fail["CMD-010"]

unknown contains u if some u in cmdline.all_unknown["CMD-010"]

not_applicable contains n if some n in cmdline.all_not_applicable["CMD-010"]
