# METADATA
# scope: package
# title: "A parameter has different values"
# description: |-
#   A parameter appears more than once with different values. The last one takes effect, while a reader
#   may see only the first.
# custom:
#   id: CMD-014
#   severity: low
#   pack: baseline
#   controls: []
#   remediation: "Keep one of them in kernel.cmdline."
#   inputs: ["command line"]
#   since: 0.1.0
package seaworthy.rules.CMD_014

import data.seaworthy.edit
import data.seaworthy.given
import data.seaworthy.kernel
import data.seaworthy.lib

unknown contains entry if {
	not input.kernel.present == true
	some entry in kernel.config_unknown
}

checked contains sprintf("cmdline:%s", [p.name]) if {
	input.kernel.present == true
	some p in kernel.params
}

# single are the parameters whose last value is known to take effect: those in
# the table, and data.single. Of any other parameter each value may count:
# console= and memmap= add one thing each time.
single := ({row.param | some row in given.cmdline} | {name | some name in given.single}) - {row.param | some row in given.cmdline; row.repeats}

fail contains {
	"id": "CMD-014",
	"resource": sprintf("cmdline:%s", [p.name]),
	"path": "",
	"origin": lib.cmdline_origin,
	"actual": sprintf("%d times", [count(kernel.values(p.name))]),
	"expected": "one value",
	"key": kernel.param_name(p.name),
	"message": sprintf("%s is on the command line %d times with different values; the last one takes effect", [p.name, count(kernel.values(p.name))]),
	"fix": sprintf("keep one %s in kernel.cmdline", [p.name]),
	"edits": edit.without_params([q | some q in edit.params_of(p.name); kernel.text_of(q) != kernel.last_value(p.name)]),
} if {
	some p in kernel.params
	kernel.param_name(p.name) in single
	count({v | some v in kernel.values(p.name)}) > 1
}
