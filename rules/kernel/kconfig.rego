# METADATA
# description: |-
#   Evaluates data.kconfig. A row: option, want, why, sources, rule, severity,
#   pack; and where needed arches, oldNames (renamed options, the newest first),
#   since and until (the kernel versions that have it), before (how kernels
#   behave that do not have it yet, where that is not "n"), builtin (the version
#   since which it is always on), when (what Kconfig asks for before the option
#   exists, or means anything: options and what they must be, or a list of such
#   objects of which one must hold), any (other ways to be right, each with a
#   when of its own), key (of findings, where two rows of a rule are about one
#   option), lockdown (the mode under which the option does no harm), param (the
#   word of the command line that does what the option would).
#   What an option must be: a value ("n" is off, or not there at all), a list of
#   values, {"min": N} and {"max": N}, {"has": [words of a list]}, {"not": value},
#   {"as": option} (the value of that one).
package seaworthy.tables.kconfig

import data.seaworthy.given

import data.seaworthy.edit
import data.seaworthy.kernel

# active_packs are those that are asked for; without data.seaworthy.active all.
active_packs := {name | some name in data.seaworthy.active} if {
	data.seaworthy.active
} else := {"baseline", "hardened", "strict"}

# rows are those of the active packs and of this architecture, by index.
rows contains i if {
	packs := active_packs
	arch := kernel.arch
	some i, row in given.kconfig
	row.pack in packs
	arch in object.get(row, "arches", [arch])
}

arch_fits(row) if not row.arches

arch_fits(row) if kernel.arch in row.arches

resource(row) := concat("", ["kernel:", row.option])

# found is the option's value, under its present name or the newest old one.
found(row) := kernel.value(row.option)

found(row) := values[0] if {
	not kernel.value(row.option)
	values := [kernel.value(old) | some old in row.oldNames]
}

satisfied(value, want) if {
	is_string(want)
	value == want
}

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

fulfils(value, want) if value == kernel.value(want.as)

numeric(value) if regex.match(`^-?\d{1,18}$`, value)

right(row) if satisfied(found(row), row.want)

# An option that the file does not name is off.
right(row) if {
	kernel.config_known
	not found(row)
	satisfied("n", row.want)
}

# good: right itself, or by one of the other ways.
good(row) if right(row)

good(row) if {
	some other in row.any
	right(other)
	all_hold(object.get(other, "when", {}))
}

# Lockdown closes what the option opens.
good(row) if row.lockdown in closed

# What the option only preselects, the command line selects.
good(row) if {
	word := split(row.param, "=")
	kernel.last(word[0]) == concat("=", array.slice(word, 1, count(word)))
}

good(row) if {
	not found(row)
	kernel.at_least(row.builtin)
}

# closed are the lockdown modes in force: the stronger one includes the other.
closed := {"integrity", "confidentiality"} if {
	kernel.lockdown == "confidentiality"
} else := {"integrity"} if {
	kernel.lockdown == "integrity"
} else := set()

# met: all that is asked holds; of a list, one.
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

holds(name, want) if satisfied(kernel.value(name), want)

holds(name, want) if {
	not kernel.value(name)
	satisfied("n", want)
}

# unmet says what does not hold.
unmet(asked) := first_unmet(asked) if {
	is_object(asked)
} else := concat(", and ", [first_unmet(one) | some one in asked]) if {
	is_array(asked)
	not met(asked)
}

first_unmet(asked) := sprintf("%s is not %s on this kernel", [name, text(asked[name])]) if {
	name := sort([name | some name, want in asked; not holds(name, want)])[0]
}

# irrelevant says why a row means nothing on this kernel.
irrelevant(row) := sprintf("this option came with Linux %s; the kernel is %s", [row.since, kernel.version_text]) if {
	not found(row)
	kernel.older_than(row.since)
	not old_enough(row)
} else := sprintf("this option is gone since Linux %s; the kernel is %s", [row.until, kernel.version_text]) if {
	not found(row)
	kernel.at_least(row.until)
	not good(row)
} else := unmet(row.when)

# old_enough: the option was not there yet, and all is well without it.
old_enough(row) if {
	not row.before
	good(row)
}

# undecidable: whether the option exists depends on a version that is not known.
undecidable(row) if {
	not found(row)
	versioned(row)
	not kernel.version
}

versioned(row) if row.since

versioned(row) if row.until

versioned(row) if row.builtin

# right_at and wrong_at are the common cases, set apart because they are quick:
# calls of functions are what costs. Whatever else holds, what is right is
# right; what is there and wrong is wrong, where the row knows no exception.
right_at contains i if {
	options := kernel.options
	some i in rows
	row := given.kconfig[i]
	options[row.option] == row.want
}

right_at contains i if {
	options := kernel.options
	some i in rows
	row := given.kconfig[i]
	is_array(row.want)
	options[row.option] in row.want
}

right_at contains i if {
	options := kernel.options
	some i in rows
	row := given.kconfig[i]
	row.want == "n"
	not options[row.option]
	count(object.keys(row) & {"when", "oldNames", "before"}) == 0
}

wrong_at contains i if {
	options := kernel.options
	some i in rows
	row := given.kconfig[i]
	is_string(row.want)
	options[row.option] != row.want
	count(object.keys(row) & {"when", "any", "param"}) == 0
	not object.get(row, "lockdown", "") in closed
}

# verdicts judges each row once; state is pass, fail, unknown or not_applicable.
verdicts[i] := {"state": "pass"} if some i in right_at

verdicts[i] := {"state": "fail"} if some i in wrong_at

verdicts[i] := verdict(given.kconfig[i]) if {
	kernel.config_known
	some i in ((rows - right_at) - wrong_at)
}

verdict(row) := {"state": "not_applicable", "reason": reason} if {
	reason := irrelevant(row)
} else := {"state": "pass"} if {
	good(row)
} else := {
	"state": "unknown",
	"reason": "the option is not set, and without the kernel's version nobody knows whether it should exist",
} if {
	undecidable(row)
} else := {"state": "fail"}

# all_* are what the rules read, each under its id; the detour has each set
# worked out as a whole, and once.
all_checked := checked

all_fail := fail

all_unknown := unknown

all_not_applicable := not_applicable

checked[row.rule] contains concat("", ["kernel:", row.option]) if {
	some i, v in verdicts
	v.state != "not_applicable"
	row := given.kconfig[i]
}

fail[row.rule] contains {
	"id": row.rule,
	"resource": resource(row),
	"path": "",
	"actual": value,
	"expected": wanted,
	"key": object.get(row, "key", row.option),
	"severity": row.severity,
	"message": sprintf("%s is %s, expected %s: %s", [row.option, value, wanted, row.why]),
	"fix": fix(row, wanted),
	"edits": edits(row),
} if {
	some i, v in verdicts
	v.state == "fail"
	row := given.kconfig[i]
	value := actual(row)
	wanted := expected(row)
}

unknown[row.rule] contains {"resource": resource(row), "reason": v.reason} if {
	some i, v in verdicts
	v.state == "unknown"
	row := given.kconfig[i]
}

unknown[rule] contains entry if {
	some entry in kernel.config_unknown
	some rule in {given.kconfig[i].rule | some i in rows}
}

not_applicable[row.rule] contains {"resource": resource(row), "reason": v.reason} if {
	some i, v in verdicts
	v.state == "not_applicable"
	row := given.kconfig[i]
}

actual(row) := found(row)

actual(row) := "not set" if not found(row)

# expected names every way to be right.
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
} else := sprintf("as much as %s", [want.as]) if {
	want.as
}

# The command line is the one way that os.yml has: all else is built in.
edits(row) := edit.lockdown(row.lockdown) if {
	row.lockdown
} else := edit.cmdline(split(row.param, "=")[0], row.param) if {
	row.param
} else := []

fix(row, wanted) := sprintf("kernel.image: use a kernel that is built with %s=%s", [row.option, wanted]) if {
	count(object.keys(row) & {"any", "lockdown", "param"}) == 0
} else := sprintf("add lockdown=%s to kernel.cmdline, or use a kernel that is built with %s=%s", [row.lockdown, row.option, text(row.want)]) if {
	row.lockdown
} else := sprintf("add %s to kernel.cmdline, or use a kernel that is built with %s=%s", [row.param, row.option, text(row.want)]) if {
	row.param
} else := sprintf("kernel.image: use a kernel that is built with %s=%s", [row.option, text(row.want)])
