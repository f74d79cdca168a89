# METADATA
# description: |-
#   Evaluates data.kconfig. A row: option, want ("y", a list, {"min": N} or
#   {"has": word}), why, sources, rule, severity, pack; and where needed arches,
#   since and until (kernel versions), oldNames, when (options that must have
#   these values for the row to mean anything), any (other ways to be right),
#   lockdown (the mode under which the option does no harm).
package seaworthy.tables.kconfig

import data.seaworthy.given

import data.seaworthy.edit
import data.seaworthy.kernel

rows contains i if {
	some i, row in given.kconfig
	row.pack in given.packs
	arch_fits(row)
}

arch_fits(row) if not row.arches

arch_fits(row) if input.arch in row.arches

resource(row) := sprintf("kernel:%s", [row.option])

# found is the option's value, under its present name or an older one.
found(row) := kernel.value(row.option)

found(row) := kernel.value(old) if {
	not kernel.value(row.option)
	some old in row.oldNames
	kernel.value(old)
}

satisfied(value, want) if {
	is_string(want)
	value == want
}

satisfied(value, want) if value in want

satisfied(value, want) if {
	regex.match(`^-?\d{1,18}$`, value)
	to_number(value) >= want.min
}

satisfied(value, want) if {
	listed := split(value, ",")
	every word in want.has {
		word in listed
	}
}

right(row) if satisfied(found(row), row.want)

# An option that the file does not name is off.
right(row) if {
	row.want == "n"
	kernel.config_known
	not found(row)
}

# good: right itself, or by one of the other ways.
good(row) if right(row)

good(row) if {
	some other in row.any
	right(other)
}

# Lockdown closes what the option opens.
good(row) if row.lockdown in closed

# closed are the lockdown modes in force: the stronger one includes the other.
closed := {"integrity", "confidentiality"} if kernel.lockdown == "confidentiality"

closed := {"integrity"} if kernel.lockdown == "integrity"

# irrelevant says why a row means nothing on this kernel.
irrelevant(row) := sprintf("%s is not %s on this kernel", [name, text(want)]) if {
	some name in sort(object.keys(object.get(row, "when", {})))
	want := row.when[name]
	not right({"option": name, "want": want})
} else := sprintf("this option came with Linux %s; the kernel is %s", [row.since, kernel.version_text]) if {
	not found(row)
	not good(row)
	kernel.older_than(row.since)
} else := sprintf("this option is gone since Linux %s; the kernel is %s", [row.until, kernel.version_text]) if {
	not found(row)
	not good(row)
	kernel.at_least(row.until)
}

# undecidable: whether the option exists depends on a version that is not known.
undecidable(row) if {
	not found(row)
	versioned(row)
	not kernel.version
}

versioned(row) if row.since

versioned(row) if row.until

# verdicts judges each row once; state is pass, fail, unknown or not_applicable.
verdicts[i] := verdict(given.kconfig[i]) if {
	kernel.config_known
	some i in rows
}

# The first answer is the common case, and quick.
verdict(row) := {"state": "pass"} if {
	not row.when
	kernel.options[row.option] == row.want
} else := {"state": "not_applicable", "reason": reason} if {
	reason := irrelevant(row)
} else := {"state": "pass"} if {
	good(row)
} else := {
	"state": "unknown",
	"reason": "the option is not set, and without the kernel's version nobody knows whether it should exist",
} if {
	undecidable(row)
} else := {"state": "fail"}

checked contains [row.rule, resource(row)] if {
	some i, v in verdicts
	v.state != "not_applicable"
	row := given.kconfig[i]
}

fail contains [row.rule, finding] if {
	some i, v in verdicts
	v.state == "fail"
	row := given.kconfig[i]
	finding := {
		"id": row.rule,
		"resource": resource(row),
		"path": "",
		"actual": actual(row),
		"expected": expected(row),
		"key": row.option,
		"severity": row.severity,
		"message": sprintf("%s is %s, expected %s: %s", [row.option, actual(row), expected(row), row.why]),
		"fix": fix(row),
		"edits": edits(row),
	}
}

unknown contains [row.rule, {"resource": resource(row), "reason": v.reason}] if {
	some i, v in verdicts
	v.state == "unknown"
	row := given.kconfig[i]
}

unknown contains [rule, entry] if {
	some entry in kernel.config_unknown
	some rule in {given.kconfig[i].rule | some i in rows}
}

not_applicable contains [row.rule, {"resource": resource(row), "reason": v.reason}] if {
	some i, v in verdicts
	v.state == "not_applicable"
	row := given.kconfig[i]
}

actual(row) := found(row)

actual(row) := "not set" if not found(row)

# expected names every way to be right.
expected(row) := concat(", or ", array.concat([text(row.want)], other_ways(row)))

other_ways(row) := array.concat(
	[sprintf("%s=%s", [o.option, text(o.want)]) | some o in row.any],
	[sprintf("lockdown=%s", [row.lockdown]) | row.lockdown],
)

text(want) := want if is_string(want)

text(want) := concat(" or ", want) if is_array(want)

text(want) := sprintf("at least %d", [want.min]) if want.min

text(want) := sprintf("a list with %s", [concat(" and ", want.has)]) if want.has

# Lockdown is the one way that os.yml has: all else is built in.
edits(row) := edit.lockdown(row.lockdown) if {
	row.lockdown
} else := []

fix(row) := sprintf("add lockdown=%s to kernel.cmdline, or use a kernel that is built with %s=%s", [row.lockdown, row.option, text(row.want)]) if {
	row.lockdown
}

fix(row) := sprintf("kernel.image: use a kernel that is built with %s=%s", [row.option, text(row.want)]) if {
	not row.lockdown
}
