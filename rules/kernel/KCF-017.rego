# METADATA
# scope: package
# title: "Rarely used drivers and protocols are built in"
# description: |-
#   Many of these drivers and protocols can be loaded by a process without privileges. Each adds kernel
#   code that can be attacked. This includes user namespaces: in this pack, a kernel without them is
#   preferred to a namespace for each service (NSP-005).
# custom:
#   id: KCF-017
#   severity: low
#   pack: strict
#   controls: ["SRG-OS-000095-GPOS-00049"]
#   remediation: "Use a kernel that is built with the values that the finding expects."
#   inputs: ["kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.KCF_017

import data.seaworthy.tables.kconfig

checked contains r if some r in kconfig.all_checked["KCF-017"]

fail contains f if some f in kconfig.all_fail["KCF-017"]

unknown contains u if some u in kconfig.all_unknown["KCF-017"]

not_applicable contains n if some n in kconfig.all_not_applicable["KCF-017"]
