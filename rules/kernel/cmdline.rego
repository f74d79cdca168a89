# METADATA
# description: |-
#   Evaluates data.cmdline. A row forbids a parameter (forbid: list of values,
#   or "any"), or wants one (want: list of values; "" is the bare flag; add: the
#   word to add), where unless it is right already by its built-in default
#   (default: an option and the value that makes the parameter needless).
package seaworthy.tables.cmdline

import data.seaworthy.edit
import data.seaworthy.given

import data.seaworthy.kernel
import data.seaworthy.lib
import data.seaworthy.tables.kconfig

rows := kconfig.active(arranged)

arranged := kconfig.arrange(given.cmdline)

resource(row) := sprintf("cmdline:%s", [row.param])

forbidden(row) := sort({v |
	some v in kernel.values(row.param)
	matches(v, row.forbid)
})

matches(_, "any")

matches(v, list) if lower(v) in list

# Comma lists: mitigations=auto,nosmt holds two words.
matches(v, list) if {
	some word in split(lower(v), ",")
	word in list
}

bad(row) if {
	row.forbid
	count(forbidden(row)) > 0
}

bad(row) if {
	row.want
	not wanted(row)
}

wanted(row) if {
	v := lower(kernel.last(row.param))
	matches(v, row.want)
}

wanted(row) if {
	not kernel.has_param(row.param)
	some d in row.default
	kconfig.good(d)
	not overridden(row)
}

# overridden: another parameter turns the built-in default off.
overridden(row) if {
	some other in row.contrary
	kernel.has_param(other)
}

# needs_config: the answer hangs on the kernel's configuration.
needs_config(row) if row.when

needs_config(row) if {
	row.default
	bad(row)
}

irrelevant(row) := kconfig.unmet(row.when) if {
	row.when
} else := sprintf("this parameter came with Linux %s; the kernel is %s", [row.since, kernel.version_text]) if {
	row.want
	kernel.older_than(row.since)
}

blind(row) if {
	needs_config(row)
	not kernel.config_known
}

# verdicts judges each row once; state is pass, fail, blind or not_applicable.
verdicts := object.union(
	{i: {"state": "pass"} | some i in unsaid},
	{i: verdict(given.cmdline[i]) | some i in (rows - unsaid)},
) if {
	input.kernel.present == true
} else := {}

# unsaid are those that forbid what nobody says: the common case, set apart
# because it is quick. Rows name parameters as the kernel takes them, with _.
unsaid := (plain & rows) - said

plain := kconfig.having(given.cmdline, {"forbid"}) - kconfig.having(given.cmdline, {"when"})

said := {i | some i in rows; kernel.param_table[given.cmdline[i].param]}

verdict(row) := {"state": "blind"} if {
	blind(row)
} else := {"state": "not_applicable", "reason": reason} if {
	reason := irrelevant(row)
} else := {"state": "fail"} if {
	bad(row)
} else := {"state": "pass"}

# all_* are what the rules read, each under its id; the detour has each set
# worked out as a whole, and once.
all_checked := checked

all_fail := fail

all_unknown := unknown

all_not_applicable := not_applicable

checked[rule] contains concat("", ["cmdline:", param]) if {
	some i in (kconfig.at(verdicts, "pass") | kconfig.at(verdicts, "fail"))
	rule := given.cmdline[i].rule
	param := given.cmdline[i].param
}

fail[row.rule] contains finding if {
	some i in kconfig.at(verdicts, "fail")
	row := given.cmdline[i]
	finding := {
		"id": row.rule,
		"resource": resource(row),
		"path": "",
		"actual": actual(row),
		"expected": expected(row),
		"key": row.param,
		"severity": row.severity,
		"message": message(row),
		"fix": fix(row),
		"edits": edits(row),
		"origin": lib.cmdline_origin,
	}
}

not_applicable[row.rule] contains {"resource": resource(row), "reason": verdicts[i].reason} if {
	some i in kconfig.at(verdicts, "not_applicable")
	row := given.cmdline[i]
}

unknown[given.cmdline[i].rule] contains entry if {
	some entry in kernel.config_unknown
	some i in kconfig.at(verdicts, "blind")
}

unknown[rule] contains entry if {
	not input.kernel.present == true
	some entry in kernel.config_unknown
	some rule in {given.cmdline[i].rule | some i in rows}
}

word(row, "") := row.param

word(row, v) := sprintf("%s=%s", [row.param, v]) if v != ""

actual(row) := [word(row, v) | some v in kernel.values(row.param)]

expected(row) := sprintf("no %s", [concat(" and no ", [word(row, v) | some v in row.forbid])]) if is_array(row.forbid)

expected(row) := sprintf("no %s", [row.param]) if row.forbid == "any"

expected(row) := row.add if row.want

message(row) := sprintf("the command line says %s: %s", [concat(" ", actual(row)), row.why]) if count(actual(row)) > 0

message(row) := sprintf("the command line lacks %s: %s", [row.add, row.why]) if count(actual(row)) == 0

edits(row) := edit.without_params([p |
	some p in edit.named(row.param)
	matches(kernel.text_of(p), row.forbid)
]) if {
	row.forbid
}

edits(row) := edit.cmdline(row.param, row.add) if row.want

fix(row) := sprintf("remove %s from kernel.cmdline", [concat(" and ", [word(row, v) | some v in forbidden(row)])]) if row.forbid

fix(row) := sprintf("add %s to kernel.cmdline", [row.add]) if row.want
