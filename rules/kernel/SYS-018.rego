# METADATA
# scope: package
# title: "A sysctl does not exist in the kernel"
# description: |-
#   The setting is skipped at boot without an error, so the protection is missing. Keys that os.yml
#   marks as optional count too; the rule is therefore in the pack strict.
# custom:
#   id: SYS-018
#   severity: low
#   pack: strict
#   controls: []
#   remediation: "Remove the setting, or use a kernel that has the sysctl."
#   inputs: ["sysctls", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.SYS_018

import data.seaworthy.edit
import data.seaworthy.given
import data.seaworthy.kernel
import data.seaworthy.tables.sysctl

checked contains sprintf("sysctl:%s", [row.key]) if {
	kernel.config_known
	some row in set_rows
}

set_rows contains row if {
	some row in given.sysctl
	kernel.sysctl(row.key)
}

unknown contains entry if {
	count(set_rows) > 0
	some entry in kernel.config_unknown
}

fail contains {
	"id": "SYS-018",
	"resource": sprintf("sysctl:%s", [row.key]),
	"path": "",
	"actual": kernel.sysctl(row.key),
	"expected": "a sysctl that the kernel has",
	"key": row.key,
	"message": sprintf("%s is set, but %s", [row.key, why]),
	"edits": edit.without_sysctl_settings(row.key),
	"fix": sprintf("remove %s from the sysctl settings", [row.key]),
} if {
	kernel.config_known
	some row in set_rows
	not row.unlessCmdline
	why := sysctl.irrelevant(row)
}
