# METADATA
# scope: package
# title: "Debug parameters are set"
# description: |-
#   Debug parameters slow the system down, print internals of the kernel, or open a debugger.
# custom:
#   id: CMD-009
#   severity: medium
#   pack: hardened
#   controls: ["800-190 4.5.1?", "CRA I.I(2)(j)?"]
#   remediation: "Change kernel.cmdline in os.yml as the finding says."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_009

import data.seaworthy.tables.cmdline

checked contains r if some r in cmdline.all_checked["CMD-009"]

fail contains f if some f in cmdline.all_fail["CMD-009"]

unknown contains u if some u in cmdline.all_unknown["CMD-009"]

not_applicable contains n if some n in cmdline.all_not_applicable["CMD-009"]
