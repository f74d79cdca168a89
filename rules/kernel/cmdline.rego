# METADATA
# description: |-
#   Evaluates data.cmdline. A row forbids a parameter or wants one:
#   - forbid: a list of values, or "any"; allow: exceptions.
#   - want: a list of values, where "" is the parameter without a value; add: the
#     word to add; default: an option and a value: the parameter is not needed if the
#     option has this value; contrary: parameters that turn this default off.
#   Optional keys:
#   - read: how the kernel reads the value. bool (kstrtobool), number (kstrtoul),
#     list (words between commas), fold (letter case is ignored), begins (only the
#     first letters count), path (repeated slashes count as one); otherwise as text.
#   - prefix: a word that begins with the parameter sets it, whatever its value (__setup).
#   - early: boot code looks for the word in the whole line, also after "--" and
#     inside quotes. "flag": boot code looks only for the word without a value.
#     earlyUntil: from this kernel on, boot code does not look for the word.
#   - repeats: each occurrence adds to the ones before it.
#   - anywhere: boot code looks for the text inside any word.
#   - part: the code that reads the value looks for the text inside the value.
#   - init: the kernel passes the word to init, also from after "--".
#   - least: a smaller number counts as forbidden.
package seaworthy.tables.cmdline

import data.seaworthy.edit
import data.seaworthy.given

import data.seaworthy.kernel
import data.seaworthy.lib
import data.seaworthy.tables.kconfig

rows := kconfig.active(arranged)

arranged := kconfig.arrange(given.cmdline)

resource(row) := sprintf("cmdline:%s", [row.param])

# words are the words that the kernel reads as the parameter, in order.
words(row) := array.concat(
	[{"name": row.param, "text": v} | some v in kernel.values(row.param)],
	[{"name": p.name, "text": kernel.text_of(p)} | some p in strays(row)],
)

# strays are words that count as the parameter without having its name, or that
# are in a place where the kernel itself reads no parameters.
strays(row) := ((prefixed(row) | early(row)) | anywhere(row)) | passed(row)

anywhere(row) := {p |
	row.anywhere
	some p in input.cmdline.early
	contains(kernel.word(p), row.param)
}

passed(row) := {p |
	row.init
	some p in kernel.init_args[row.param]
}

prefixed(row) := {p |
	row.prefix
	some name, named in kernel.params_named
	name != row.param
	startswith(name, row.param)
	some p in named
}

early(row) := {p |
	early_read(row)
	some p in kernel.boot_code_params[row.param]
	not valued_flag(row, p)
}

# valued_flag: the code that looks for a flag ignores the word with a value.
valued_flag(row, p) if {
	row.early == "flag"
	kernel.has_text(p)
}

early_read(row) if {
	row.early
	not row.earlyUntil
}

early_read(row) if {
	row.early
	until := row.earlyUntil
	not kernel.at_least(until)
}

forbidden(row) := [w | some w in words(row); matches(row, w.text)]

matches(row, text) if {
	row.forbid == "any"
	not canonical(row, text) in object.get(row, "allow", [])
}

matches(row, text) if {
	is_array(row.forbid)
	not text in object.get(row, "allow", [])
	some reading in readings(row, text)
	reading in row.forbid
}

# The code that reads the value looks for a text inside it (strstr).
matches(row, text) if {
	row.part
	some part in row.forbid
	contains(text, part)
}

# A number with so many digits overflows, and can become any number.
matches(row, text) if {
	row.least
	regex.match(`^[0-9]+$`, text)
	too_small(text, row.least)
}

too_small(text, least) if to_number(text) < least

too_small(text, _) if count(text) > 15

# readings are the values that a text may mean. For a value that switches a
# protection off, these are more than the kernel accepts: "off;no_user_user" has
# two words.
readings(row, text) := ({lower(text), canonical(row, text)} | {word | some word in regex.split(`[,;]`, lower(text))}) | {value |
	row.read == "begins"
	some value in row.forbid
	startswith(text, value)
}

# canonical is the value as the kernel reads it.
canonical(row, text) := "1" if {
	row.read == "bool"
	kernel.truth(text)
} else := "0" if {
	row.read == "bool"
	kernel.truth(text) == false
} else := "0" if {
	row.read == "number"
	kernel.zero(text)
} else := lower(text) if {
	row.read == "fold"
} else := regex.replace(text, "/+", "/") if {
	row.read == "path"
} else := text

bad(row) if {
	row.forbid
	count(forbidden(row)) > 0
}

bad(row) if {
	row.want
	not wanted(row)
}

wanted(row) if {
	right_text(row, kernel.last_value(row.param))
	every p in early(row) {
		right_text(row, kernel.text_of(p))
	}
}

right_text(row, text) if canonical(row, text) in row.want

right_text(row, _) if row.prefix

right_text(row, text) if {
	row.read == "list"
	some word in split(text, ",")
	word in row.want
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

# needs_config: the result depends on the configuration of the kernel.
needs_config(row) if row.when

needs_config(row) if {
	row.default
	bad(row)
}

irrelevant(row) := kconfig.unmet(row.when) if {
	row.when
} else := sprintf("this parameter exists since Linux %s; the kernel is %s", [row.since, kernel.version_text]) if {
	row.want
	kernel.older_than(row.since)
}

blind(row) if {
	needs_config(row)
	not kernel.config_known
}

# verdicts has one verdict for each row. Its state is pass, fail, blind or
# not_applicable.
verdicts := object.union(
	{i: {"state": "pass"} | some i in absent},
	{i: verdict(given.cmdline[i]) | some i in (rows - absent)},
) if {
	input.kernel.present == true
} else := {}

# absent are the rows that forbid a parameter which is not on the command line.
# This common case is separate because it is fast. Rows write names with _, as
# the kernel compares them.
absent := (plain & rows) - mentioned

plain := kconfig.having(given.cmdline, {"forbid"}) - kconfig.having(given.cmdline, {"when"})

mentioned := union({
	{i | some i in rows; kernel.param_table[given.cmdline[i].param]},
	{i | some i in (rows & kconfig.having(given.cmdline, {"prefix"})); count(prefixed(given.cmdline[i])) > 0},
	{i | some name, _ in kernel.boot_code_params; some i in (rows & early_rows[name])},
	{i | some i in (rows & kconfig.having(given.cmdline, {"anywhere"})); count(anywhere(given.cmdline[i])) > 0},
	{i | some i in (rows & kconfig.having(given.cmdline, {"init"})); count(passed(given.cmdline[i])) > 0},
})

early_rows[row.param] contains i if {
	some i, row in given.cmdline
	row.early
}

verdict(row) := {"state": "blind"} if {
	blind(row)
} else := {"state": "not_applicable", "reason": reason} if {
	reason := irrelevant(row)
} else := {"state": "fail"} if {
	bad(row)
} else := {"state": "pass"}

# Rules read all_*, each under its id. OPA evaluates such a set once and as a whole.
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
		"key": object.get(row, "key", row.param),
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

word(w) := w.name if w.text == ""

word(w) := sprintf("%s=%s", [w.name, w.text]) if w.text != ""

named(row, text) := word({"name": row.param, "text": text})

actual(row) := [word(w) | some w in words(row)]

expected(row) := sprintf("no %s", [concat(" and no ", [named(row, v) | some v in row.forbid])]) if is_array(row.forbid)

expected(row) := sprintf("no %s", [row.param]) if row.forbid == "any"

expected(row) := row.add if row.want

message(row) := sprintf("the command line has %s: %s", [concat(" ", actual(row)), row.why]) if count(actual(row)) > 0

message(row) := sprintf("the command line lacks %s: %s", [row.add, row.why]) if count(actual(row)) == 0

edits(row) := edit.without_params([p |
	some p in (edit.params_of(row.param) | strays(row))
	not p.builtIn
	matches(row, kernel.text_of(p))
]) if {
	row.forbid
}

edits(row) := edit.set_param(row.param, row.add) if row.want

fix(row) := sprintf("remove %s from kernel.cmdline", [concat(" and ", [word(w) | some w in forbidden(row)])]) if row.forbid

fix(row) := sprintf("add %s to kernel.cmdline", [row.add]) if row.want
