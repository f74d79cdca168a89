# METADATA
# description: |-
#   Evaluates data.kconfig. Keys of every row: option, want, why, sources, rule,
#   severity, pack. Optional keys:
#   - arches: the architectures that have the option.
#   - oldNames: earlier names of the option, the newest first.
#   - renamed: the kernel version that gave the option its present name.
#   - since, until: the kernel versions that have the option.
#   - backports: the first versions MAJOR.MINOR.PATCH of stable series that got the
#     option after their first version. Only fragments read it.
#   - renamedBackports: the first versions of stable series in which an option that they
#     had before got its present name. Only fragments read it.
#   - defects: ranges of versions MAJOR.MINOR.PATCH, from the first to the last one, that
#     do not compile with the option.
#   - before: how older kernels behave, unless that is "n".
#   - builtin: since this version the behaviour is always on.
#   - when: what Kconfig requires before the option exists or has an effect. An
#     object of options and values, or a list of such objects of which one must hold.
#   - any: other ways to satisfy the row, each with an optional when.
#   - key: the key of the finding, where two rows of a rule check one option.
#   - lockdown: the mode in which the option is harmless.
#   - param: the word of the command line that has the same effect as the option.
#   want is a value ("n" means off or absent), a list of values, {"min": N} and
#   {"max": N}, {"has": [words of a list]}, {"not": value}, or {"as": option} (the
#   value of another option).
package seaworthy.tables.kconfig

import data.seaworthy.given

import data.seaworthy.edit
import data.seaworthy.kernel

# rows are the rows of the active packs and of this architecture. A row is named by
# its index as a text: objects with texts as keys are data, and the program reads
# only the rows that it needs from them.
rows := active(arranged)

table := {format_int(i, 10): row | some i, row in given.kconfig}

arranged := arrange(table)

# arrange lists the rows of each pack in a table, and the rows that each
# architecture lacks. It depends only on the tables and is a separate rule: such
# rules are evaluated once, when the program is built.
arrange(all) := {
	"packs": {pack: {i | some i; all[i].pack == pack} |
		some pack in {row.pack | some row in all}
	},
	"particular": {i | some i; all[i].arches},
	"lacks": {arch: {i | some i; arches := all[i].arches; not arch in arches} |
		some arch in {arch | some row in all; some arch in row.arches}
	},
}

active(all) := union({all.packs[pack] | some pack in given.packs}) - object.get(all.lacks, kernel.arch, all.particular)

# found is the value of the option, under its current name or its newest old name.
found(row) := value if {
	value := kernel.options[row.option]
} else := values[0] if {
	row.oldNames
	values := [kernel.options[old] | some old in row.oldNames]
}

satisfied(value, want) if value == want

satisfied(value, want) if {
	not is_string(want)
	fulfils(value, want)
}

fulfils(value, want) if {
	is_array(want)
	value in want
}

fulfils(value, want) if {
	numeric(value)
	to_number(value) >= want.min
	to_number(value) <= object.get(want, "max", 1000000000000)
}

fulfils(value, want) if {
	not want.min
	numeric(value)
	to_number(value) <= want.max
}

fulfils(value, want) if {
	listed := split(value, ",")
	every word in want.has {
		word in listed
	}
}

fulfils(value, want) if {
	want.not
	value != want.not
}

fulfils(value, want) if value == kernel.options[want.as]

numeric(value) if regex.match(`^-?\d{1,18}$`, value)

right(row) if satisfied(found(row), row.want)

# An option that is not in the configuration is off.
right(row) if {
	kernel.config_known
	not found(row)
	satisfied("n", row.want)
}

# good: the option itself is right, or one of the alternatives is.
good(row) if right(row)

good(row) if {
	some other in row.any
	right(other)
	all_hold(object.get(other, "when", {}))
}

# Lockdown makes the option harmless.
good(row) if row.lockdown in closed

# The option sets a default, and the command line sets the value.
good(row) if {
	word := split(row.param, "=")
	kernel.last_value(word[0]) == concat("=", array.slice(word, 1, count(word)))
}

good(row) if {
	kernel.at_least(row.builtin)
	not found(row)
}

# closed are the lockdown modes in effect: confidentiality includes integrity.
closed := {"integrity", "confidentiality"} if {
	kernel.lockdown == "confidentiality"
} else := {"integrity"} if {
	kernel.lockdown == "integrity"
} else := set()

# met: every required option has its value; of a list, one object is enough.
met(asked) if all_hold(asked)

met(asked) if {
	is_array(asked)
	some one in asked
	all_hold(one)
}

all_hold(asked) if {
	is_object(asked)
	every name, want in asked {
		holds(name, want)
	}
}

# An option that is not in the configuration is off.
holds(name, want) if satisfied(object.get(kernel.options, name, "n"), want)

# unmet is the reason why a requirement does not hold.
unmet(asked) := first_unmet(asked) if {
	is_object(asked)
} else := concat(", and ", [first_unmet(one) | some one in asked]) if {
	is_array(asked)
	not met(asked)
}

first_unmet(asked) := not_so(name, asked[name]) if {
	name := sort([name | some name, want in asked; not holds(name, want)])[0]
}

not_so(name, want) := sprintf("%s is not %s on this kernel", [name, text(want)])

# irrelevant is the reason why a row does not apply to this kernel.
irrelevant(row) := too_young(row.since) if {
	row.since in newer
	not found(row)
	not old_enough(row)
} else := sprintf("this option was removed in Linux %s; the kernel is %s", [row.until, kernel.version_text]) if {
	kernel.at_least(row.until)
	not found(row)
	not good(row)
} else := sprintf("Linux %s to %s do not compile with this option", defective(row)) if {
	not right(row)
} else := unmet(row.when)

# defective is the range of versions that do not compile with the option, if this kernel is
# one of them.
defective(row) := [ends |
	some ends in row.defects
	release := array.concat(kernel.version, [kernel.patch])
	release >= kernel.parse(ends[0])
	release <= kernel.parse(ends[1])
][0]

too_young(since) := sprintf("this option exists since Linux %s; the kernel is %s", [since, kernel.version_text])

# old_enough: the kernel is older than the option, and its behaviour is the wanted one.
old_enough(row) if {
	not row.before
	good(row)
}

# undecidable: whether the option exists depends on the version, which is unknown.
undecidable(row) if {
	not found(row)
	versioned(row)
	not kernel.version
}

# unsettled: the option is absent. Either it is off as it should be, or the kernel
# is older than the option and its behaviour cannot be switched off.
unsettled(row) if {
	row.before
	undecidable(row)
}

versioned(row) if row.since

versioned(row) if row.until

versioned(row) if row.builtin

# Most rows are decided together: set operations take them from tables, and one
# function call per row takes longer than all of these. right_at have the wanted
# value, which needs no other check. wrong_at have another value and no exceptions.
right_at := rows & (graph.reachable(leads, settings) | rightly_absent)

wrong_at := (((rows & present) - right_at) - excepted) - union({closable[mode] | some mode in closed})

rightly_absent := best_absent - present if {
	kernel.config_known
} else := set()

# named are the options of the table that are in the configuration, with their
# values. present are the rows of these options, and their names.
named := object.filter(kernel.options, options) if {
	kernel.options
} else := {}

present := graph.reachable(leads, object.keys(named))

# settings are the named options and their values as texts, which setting_text
# writes. A value with a comma gives parts that equal no text of the table.
settings := split(trim(json.marshal(named), "{}"), ",")

setting_text(name, value) := trim(json.marshal({name: value}), "{}")

# having are the rows that have one of the keys.
having(all, keys) := {i | some key in keys; some i; all[i][key]}

options := {row.option | some row in table}

# leads is a graph: it leads from an option to its rows, and from a setting to the rows
# for which it is right. Every node of a graph is a key; rows lead nowhere.
leads := object.union_n([lists(about), lists(wanting), {i: [] | some i, _ in table}])

about[row.option] contains i if some i, row in table

wanting[setting] contains i if {
	some i, row in table
	some value in array.flatten([row.want])
	is_string(value)
	setting := setting_text(row.option, value)
}

lists(sets) := {key: sort(its) | some key, its in sets}

# closable are the rows that a mode of lockdown makes harmless. best_absent are right
# whenever they are absent. excepted can be right in other ways than by one value.
closable[row.lockdown] contains i if some i, row in table

best_absent := off - having(table, {"when", "oldNames", "before"})

off := {i | some i; table[i].want == "n"}

excepted := having(table, {"when", "any", "param", "defects"}) | {i | some i, n; table[i].want[n]}

# rest are the rows that are neither right nor wrong so far.
rest := (rows - right_at) - wrong_at if {
	kernel.config_known
} else := set()

# plain are rows of rest that depend only on the values of options and on the age of the
# option. Sets decide them as verdict does. If the version of the kernel is unknown,
# options with an age are not plain.
plain := rest & simple if {
	kernel.version
} else := (rest & simple) - having(table, {"since"})

simple := {i |
	some i, row in table
	is_string(row.want)
	conditions_of(row)
} - having(table, {"any", "lockdown", "param", "oldNames", "before", "builtin", "until", "defects"})

# conditions_of are the conditions of a row if they are settings, of which all must
# hold.
conditions_of(row) := asks if {
	asks := object.get(row, "when", {})
	is_object(asks)
	every want in asks { is_string(want) }
}

# young_at are absent because the kernel is older than the option.
young_at := ((plain & too_new) - present) - off

too_new := union({its | some its in object.filter(rows_since, newer)})

# newer are the versions in the table that are newer than the kernel.
newer := {since | some since, version in versions; kernel.version < version}

versions := {since: kernel.parse(since) | some since, _ in rows_since}

rows_since[row.since] contains i if some i, row in table

# unmet_at are the rows with a condition that does not hold, and the first such one.
unmet_at := {i: text |
	some i, list in object.filter(asked, plain - young_at)
	texts := [conditions[setting].text | some setting in list; setting in broken]
	text := texts[0]
}

# asked are the conditions of each row, by the name of the option.
asked := {i: [setting_text(name, asks[name]) | some name in sort(object.keys(asks))] |
	some i in simple
	asks := conditions_of(table[i])
	count(asks) > 0
}

conditions := {setting_text(name, want): {"option": name, "want": want, "text": not_so(name, want)} |
	some i in simple
	some name, want in conditions_of(table[i])
}

# broken are the conditions that do not hold. An option that is not in the
# configuration is off.
broken := {setting | some setting, c in conditions; object.get(kernel.options, c.option, "n") != c.want}

# missed_at are the other plain rows that fail.
missed_at := ((plain - young_at) - object.keys(unmet_at)) - (off - present)

# judged are the verdicts on all other rows. Their state is pass, fail, unknown or
# not_applicable.
judged := {i: verdict(table[i]) | some i in (rest - plain)}

# at are the rows whose verdict has a state.
at(verdicts, state) := {i | some i; verdicts[i].state == state}

# inapplicable are the rows that do not apply to this kernel, and the reasons.
inapplicable := object.union_n([
	unmet_at,
	{i: too_young(table[i].since) | some i in young_at},
	{i: judged[i].reason | some i in at(judged, "not_applicable")},
])

verdict(row) := {"state": "not_applicable", "reason": reason} if {
	reason := irrelevant(row)
} else := {"state": "pass"} if {
	good(row)
	not unsettled(row)
} else := {
	"state": "unknown",
	"reason": "the option is not set, and the version of the kernel is unknown, so it may not exist yet",
} if {
	undecidable(row)
} else := {"state": "fail"}

# Rules read all_*, each under its id. OPA evaluates such a set once and as a whole.
all_checked := checked

all_fail := fail

all_unknown := unknown

all_not_applicable := not_applicable

checked := {id: resources |
	some id, its in rows_under
	here := its & looked_at
	count(here) > 0
	resources := graph.reachable(resource_of, here) - here
}

looked_at := rows - object.keys(inapplicable) if {
	kernel.config_known
} else := set()

# rows_under are the rows of each rule. resource_of is a graph: it leads from a row to the
# resource of its findings.
rows_under[row.rule] contains i if some i, row in table

resource_of := object.union({i: [resource(row)] | some i, row in table}, {resource(row): [] | some row in table})

resource(row) := concat("", ["kernel:", row.option])

fail[finding.id] contains finding if some finding in usual

fail[line.id] contains object.union(line, {"actual": value, "message": concat(value, messages[i])}) if {
	some i, value in object.remove(failing, fixable | object.keys(usual))
	line := lines[i]
}

fail[line.id] contains object.union(line, {"actual": value, "message": concat(value, messages[i]), "edits": edits(table[i])}) if {
	some i, value in object.filter(failing, fixable)
	line := lines[i]
}

# usual are the findings that are prepared.
usual := {i: prepared[i][value] | some i, value in object.remove(failing, fixable)}

# failing are the rows that fail, with the value that was found.
failing := object.union_n([
	{i: named[table[i].option] | some i in ((wrong_at | missed_at) & present)},
	{i: "not set" | some i in (missed_at - present)},
	{i: actual(table[i]) | some i in at(judged, "fail")},
])

unknown[line.id] contains {"resource": line.resource, "reason": judged[i].reason} if {
	some i in at(judged, "unknown")
	line := lines[i]
}

unknown[rule] contains entry if {
	some entry in kernel.config_unknown
	some rule in {table[i].rule | some i in rows}
}

not_applicable[row.rule] contains {"resource": resource(row), "reason": reason} if {
	some i, reason in inapplicable
	row := table[i]
}

# prepared are the findings about the usual values of an option. Findings about rows
# that os.yml can satisfy are not among them.
prepared := {i: {value: object.union(line, {"actual": value, "message": concat(value, messages[i])}) |
	some value in {"y", "m", "n"}
	value != table[i].want
} |
	some i, line in lines
	not i in fixable
}

# lines are the parts of a finding that do not depend on the kernel.
lines := {i: line |
	some i, row in table
	wanted := expected(row)
	line := {
		"id": row.rule,
		"resource": resource(row),
		"path": "",
		"expected": wanted,
		"key": object.get(row, "key", row.option),
		"severity": row.severity,
		"fix": fix(row),
		"edits": [],
	}
}

# messages are the texts before and after the value that was found.
messages := {i: [sprintf("%s is ", [row.option]), sprintf(", expected %s: %s", [lines[i].expected, row.why])] |
	some i, row in table
}

# fixable are the rows that a change of os.yml can satisfy.
fixable := having(table, {"lockdown", "param"})

actual(row) := value if {
	value := found(row)
} else := "not set"

# expected lists every way to satisfy the row.
expected(row) := text(row.want) if {
	count(object.keys(row) & {"any", "lockdown", "param"}) == 0
} else := concat(", or ", array.concat([text(row.want)], other_ways(row)))

other_ways(row) := array.flatten([
	[sprintf("%s=%s", [o.option, text(o.want)]) | some o in row.any],
	[sprintf("lockdown=%s", [row.lockdown]) | row.lockdown],
	[row.param | row.param],
])

text(want) := want if is_string(want)

text(want) := concat(" or ", want) if is_array(want)

text(want) := sprintf("from %d to %d", [want.min, want.max]) if {
	want.min
	want.max
} else := sprintf("at least %d", [want.min]) if {
	want.min
} else := sprintf("at most %d", [want.max]) if {
	want.max
} else := sprintf("a list with %s", [concat(" and ", want.has)]) if {
	want.has
} else := sprintf("anything but %s", [want.not]) if {
	want.not
} else := sprintf("the value of %s", [want.as]) if {
	want.as
}

lockdown_edits := {mode: edit.lockdown(mode) | some mode, _ in closable}

# os.yml can change only the command line: options are built in.
edits(row) := lockdown_edits[row.lockdown] if {
	row.lockdown
} else := edit.set_param(split(row.param, "=")[0], row.param)

fix(row) := sprintf("kernel.image: use a kernel that is built with %s", [setting(row)]) if {
	count(object.keys(row) & {"any", "lockdown", "param"}) == 0
} else := sprintf("add lockdown=%s to kernel.cmdline, or use a kernel that is built with %s", [row.lockdown, setting(row)]) if {
	row.lockdown
} else := sprintf("add %s to kernel.cmdline, or use a kernel that is built with %s", [row.param, setting(row)]) if {
	row.param
} else := sprintf("kernel.image: use a kernel that is built with %s", [setting(row)])

# setting is an option with its wanted value, as a text.
setting(row) := sprintf("%s=%s", [row.option, row.want]) if {
	is_string(row.want)
} else := sprintf("%s set to %s", [row.option, text(row.want)])
