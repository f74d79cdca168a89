# METADATA
# scope: package
# title: "Sysctl set twice"
# description: |-
#   One key with two values: the later one holds, and readers see the first.
# custom:
#   id: SYS-017
#   severity: low
#   pack: hardened
#   controls: ["SSDF PW.9.1?"]
#   remediation: "Keep one of them."
#   inputs: ["sysctls"]
#   since: 0.1.0
package seaworthy.rules.SYS_017

import data.seaworthy.edit
import data.seaworthy.kernel

checked contains sprintf("sysctl:%s", [key]) if some key, _ in kernel.sysctl_settings

fail contains {
	"id": "SYS-017",
	"resource": sprintf("sysctl:%s", [key]),
	"path": "",
	"actual": values,
	"expected": "one value",
	"key": key,
	"message": sprintf("%s is set %d times, to %s; the last one holds", [key, count(values), concat(", then ", values)]),
	"fix": sprintf("keep one setting of %s", [key]),
	"edits": edit.one_sysctl(key),
} if {
	some key, places in kernel.sysctl_settings
	count(places) > 1
	values := [trim_space(v) | some v in kernel.sysctl_values(key)]
	count({v | some v in values}) > 1
}
