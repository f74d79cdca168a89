# METADATA
# scope: package
# title: "Sibling threads share a core"
# description: |-
#   Several CPU vulnerabilities are closed only when SMT (hyper-threading) is off. Otherwise a process
#   can read data of another process on the same core. Without SMT the system is slower.
# custom:
#   id: CMD-016
#   severity: low
#   pack: strict
#   controls: ["ANSSI R8"]
#   remediation: "Change kernel.cmdline in os.yml as the finding says."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_016

import data.seaworthy.tables.cmdline

checked contains r if some r in cmdline.all_checked["CMD-016"]

fail contains f if some f in cmdline.all_fail["CMD-016"]

unknown contains u if some u in cmdline.all_unknown["CMD-016"]

not_applicable contains n if some n in cmdline.all_not_applicable["CMD-016"]
