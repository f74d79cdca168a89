# METADATA
# scope: package
# title: "A sysctl is set twice"
# description: |-
#   One key has two different values. The later one takes effect, while a reader may see only the first.
#   A file may override an earlier file: sysctl.d(5) is made for that, and it is not reported. A key
#   whose final value is the recommended value is not reported either.
# custom:
#   id: SYS-017
#   severity: low
#   pack: hardened
#   controls: ["SSDF PW.9.1?"]
#   remediation: "Keep one of the settings."
#   inputs: ["sysctls"]
#   since: 0.1.0
package seaworthy.rules.SYS_017

import data.seaworthy.edit
import data.seaworthy.given
import data.seaworthy.kernel
import data.seaworthy.tables.kconfig

checked contains sprintf("sysctl:%s", [key]) if some key, _ in kernel.sysctl_settings

fail contains {
	"id": "SYS-017",
	"resource": sprintf("sysctl:%s", [key]),
	"path": "",
	"actual": values,
	"expected": "one value",
	"key": key,
	"message": sprintf("%s is set %d times, to %s; the last value takes effect", [key, count(values), concat(", then ", values)]),
	"fix": sprintf("keep one setting of %s", [key]),
	"edits": edit.without_overridden_sysctls(key),
} if {
	some key, places in kernel.sysctl_settings
	count(places) > 1
	values := [trim_space(v) | some v in kernel.sysctl_values(key)]
	count({v | some v in values}) > 1
	not right(key)
	not overridden(key, [input.sysctl.settings[i] | some i in places])
}

# right: the final value is one that the table recommends.
right(key) if {
	some row in given.sysctl
	row.key == key
	kconfig.satisfied(kernel.sysctl(key), row.want)
}

# overridden: each value except the last comes from a file that another file of
# the same component overrides, and the table does not recommend a value.
overridden(key, settings) if {
	not key in judged
	every i, s in array.slice(settings, 0, count(settings) - 1) {
		from_file(s)
		from_file(settings[i + 1])
		origin(s) == origin(settings[i + 1])
		differ(s, settings[i + 1])
	}
}

judged := {row.key | some row in given.sysctl}

from_file(s) if not s.source in {"spec", "cmdline"}

origin(s) := object.get(s, "component", "")

differ(a, b) if a.source != b.source

differ(a, b) if trim_space(a.value) == trim_space(b.value)
