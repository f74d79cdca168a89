# METADATA
# description: |-
#   Evaluates data.kconfig. Keys of every row: option, want, why, sources, rule,
#   severity, pack. Optional keys:
#   - arches: the architectures that have the option.
#   - oldNames: earlier names of the option, the newest first.
#   - since, until: the kernel versions that have the option.
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

# rows are the indexes of the rows of the active packs and of this architecture.
rows := active(arranged)

arranged := arrange(given.kconfig)

# arrange lists the rows of each pack in a table, and the rows that each
# architecture lacks, by index. It depends only on the tables and is a separate
# rule: such rules are evaluated once, when the program is built.
arrange(table) := {
	"packs": {pack: {i | some i; table[i].pack == pack} |
		some pack in {row.pack | some row in table}
	},
	"particular": {i | some i; table[i].arches},
	"lacks": {arch: {i | some i; arches := table[i].arches; not arch in arches} |
		some arch in {arch | some row in table; some arch in row.arches}
	},
}

active(table) := union({table.packs[pack] | some pack in given.packs}) - object.get(table.lacks, kernel.arch, table.particular)

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

first_unmet(asked) := sprintf("%s is not %s on this kernel", [name, text(asked[name])]) if {
	name := sort([name | some name, want in asked; not holds(name, want)])[0]
}

# irrelevant is the reason why a row does not apply to this kernel.
irrelevant(row) := sprintf("this option exists since Linux %s; the kernel is %s", [row.since, kernel.version_text]) if {
	kernel.older_than(row.since)
	not found(row)
	not old_enough(row)
} else := sprintf("this option was removed in Linux %s; the kernel is %s", [row.until, kernel.version_text]) if {
	kernel.at_least(row.until)
	not found(row)
	not good(row)
} else := unmet(row.when)

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

# right_at and wrong_at are the common cases. They are separate because they are
# fast: they take sets of rows from tables. Function calls cost most, and each step
# that runs for every row. A right value needs no other check. A wrong value fails,
# unless the row has exceptions.
right_at := rows & union({rows_of(wanting, {[name, value] | some name, value in named}), rightly_absent})

wrong_at := (((rows & present) - right_at) - excepted) - union({closable[mode] | some mode in closed})

rightly_absent := best_absent - present if {
	kernel.config_known
} else := set()

# named are the options of the table that are in the configuration, with their
# values. present are the rows of these options.
named := object.filter(kernel.options, object.keys(about)) if {
	kernel.options
} else := {}

present := rows_of(about, object.keys(named))

# rows_of are the indexes of the rows that a table has under any of the keys.
rows_of(table, keys) := union({some_rows | some some_rows in object.filter(table, keys)})

# having are the indexes of the rows of a table that have one of the keys.
having(table, keys) := {i | some key in keys; some i; table[i][key]}

# about are the rows of each option. wanting are the rows for which an option with a
# value is right. closable are the rows that a mode of lockdown makes harmless.
# best_absent are right whenever they are absent. excepted can be right in other ways
# than by one value.
about[row.option] contains i if some i, row in given.kconfig

wanting[[row.option, row.want]] contains i if some i, row in given.kconfig

wanting[[row.option, value]] contains i if {
	some i, row in given.kconfig
	is_array(row.want)
	some value in row.want
}

closable[row.lockdown] contains i if some i, row in given.kconfig

best_absent := {i | some i; given.kconfig[i].want == "n"} - having(given.kconfig, {"when", "oldNames", "before"})

excepted := having(given.kconfig, {"when", "any", "param"}) | {i | some i, n; given.kconfig[i].want[n]}

# judged are the verdicts on all other rows. Their state is pass, fail, unknown or
# not_applicable.
judged := {i: verdict(given.kconfig[i]) | some i in ((rows - right_at) - wrong_at)} if {
	kernel.config_known
} else := {}

# at are the rows whose verdict has a state.
at(verdicts, state) := {i | some i; verdicts[i].state == state}

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

checked := {id: {resource | some resource in its} |
	some id, resources in resources_of
	its := object.filter(resources, looked_at)
	count(its) > 0
}

looked_at := (right_at | wrong_at) | (object.keys(judged) - at(judged, "not_applicable"))

# resources_of are the resources of each rule, by row.
resources_of[row.rule][i] := concat("", ["kernel:", row.option]) if some i, row in given.kconfig

fail[line.id] contains object.union(line, {"actual": value, "message": concat(value, messages[i])}) if {
	some i, value in object.remove(failing, fixable)
	line := lines[i]
}

fail[line.id] contains object.union(line, {"actual": value, "message": concat(value, messages[i]), "edits": edits(given.kconfig[i])}) if {
	some i, value in object.filter(failing, fixable)
	line := lines[i]
}

# failing are the rows that fail, with the value that was found.
failing := object.union(
	{i: named[given.kconfig[i].option] | some i in wrong_at},
	{i: actual(given.kconfig[i]) | some i in at(judged, "fail")},
)

unknown[lines[i].id] contains {"resource": lines[i].resource, "reason": judged[i].reason} if some i in at(judged, "unknown")

unknown[rule] contains entry if {
	some entry in kernel.config_unknown
	some rule in {given.kconfig[i].rule | some i in rows}
}

not_applicable[lines[i].id] contains {"resource": lines[i].resource, "reason": judged[i].reason} if {
	some i in at(judged, "not_applicable")
}

# lines are the parts of a finding that do not depend on the kernel.
lines := {i: line |
	some i, row in given.kconfig
	wanted := expected(row)
	line := {
		"id": row.rule,
		"resource": concat("", ["kernel:", row.option]),
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
	some i, row in given.kconfig
}

# fixable are the rows that a change of os.yml can satisfy.
fixable := having(given.kconfig, {"lockdown", "param"})

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

# os.yml can change only the command line: options are built in.
edits(row) := edit.lockdown(row.lockdown) if {
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
