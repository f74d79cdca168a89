# METADATA
# description: |-
#   The options with which a kernel passes the active packs, and which the components
#   need. The input has the version and the architecture of the kernel, and no
#   configuration. No rule reads this package: `seaworthy kernel fragment` prints it.
#
#   Keys of given.fragment:
#   - always: the values of options that a kernel of an architecture has.
#   - builds: those of them that people choose.
#   - highest: the largest value of an option, where a row wants that of another option.
#   - order: the order in which the kernel starts security modules.
#   - choices: options of which only one can be on, the best one first.
#   - rules: options for a rule without rows.
#   - expert: options that users can switch off only with CONFIG_EXPERT.
#   - requires: the options without which Kconfig does not offer an option.
#   - needs: what components need; see needs.rego.
package seaworthy.fragment

import data.seaworthy.given
import data.seaworthy.kernel
import data.seaworthy.tables.kconfig

# existing are the rows whose option this version has.
existing := {i | some i in kconfig.rows; not missing(kconfig.table[i])}

missing(row) if {
	row.since in kconfig.newer
	not backported(object.get(row, "backports", []))
}

missing(row) if kernel.at_least(row.until)

missing(row) if kernel.at_least(row.builtin)

missing(row) if kconfig.defective(row)

# backported: the stable series of this version got a change too. versions are the first
# ones with the change, one for each series.
backported(versions) if {
	some text in versions
	first := kernel.parse(text)
	array.slice(first, 0, 2) == kernel.version
	kernel.patch >= first[2]
}

# names are the options of the rows, by their names in this version.
names := {i: name(kconfig.table[i]) | some i in existing}

name(row) := row.oldNames[0] if {
	kernel.older_than(row.renamed)
	not backported(object.get(row, "renamedBackports", []))
} else := row.option

# values are what the rows ask for.
values := {i: pick(row.option, row.want) | some i in existing; row := kconfig.table[i]}

# pick is one of the safe values: the first one, or the number that costs least.
pick(_, want) := want if is_string(want)

pick(_, want) := want[0] if is_array(want)

pick(_, want) := format_int(object.get(want, "max", want.min), 10) if want.min

pick(_, want) := concat(",", [word | some word in given.fragment.order; word in modules]) if want.has

pick(option, want) := given.fragment.highest[kernel.arch][option] if want.as

# modules are the security modules that the kernel must start.
modules := ({word | some i in existing; some word in kconfig.table[i].want.has} | mandatory) | integrity

mandatory := {"apparmor" | some i in existing; kconfig.table[i].option == "CONFIG_SECURITY_APPARMOR"}

# Before 6.9, IMA crashes without the module integrity (security/integrity/iint.c).
integrity := {"integrity" | some i in existing; kconfig.table[i].option == "CONFIG_IMA"; kernel.older_than("6.9")}

# on are the options that must be on, whatever the rows say: the components need them,
# or options without conditions require them.
on := seeds | graph.reachable(required, seeds)

seeds := (object.keys(needed) | {names[i] | some i in plain; values[i] == "y"}) | expert

plain := {i | some i in existing; not kconfig.table[i].when}

# required is a graph. Options that need nothing are no keys.
required := object.union(
	{option: [] | some r in given.fragment.requires; some option in r.needs},
	{r.option: r.needs | some r in given.fragment.requires},
)

# expert is CONFIG_EXPERT, if an option can be switched off only with it.
expert := {"CONFIG_EXPERT" |
	some i in plain
	values[i] == "n"
	names[i] in given.fragment.expert.options
}

# settled are the values that do not depend on conditions.
settled := object.union_n([
	{names[i]: values[i] | some i in plain},
	{option: "y" | some option in on; not option in banned},
	given.fragment.always[kernel.arch],
])

# banned are the options that a row forbids although they must be on.
banned := {names[i] | some i in refusing}

refusing := {i |
	some i in plain
	clashes(i)
	not evasion(i)
}

# clashes: the option must be on, and the row wants another value.
clashes(i) if {
	names[i] in on
	not kconfig.satisfied("y", kconfig.table[i].want)
}

# evasion is the first other way to satisfy a row whose option must be on, and the
# options that it sets.
evasion(i) := ways[0] if {
	row := kconfig.table[i]
	ways := array.flatten([
		[{"how": sprintf("lockdown=%s makes it harmless", [row.lockdown]), "set": {}} | row.lockdown in modes],
		[{"how": sprintf("%s is on the command line", [row.param]), "set": {}} | on_cmdline(row.param)],
		[{"how": sprintf("%s=%s is enough", [o.option, value]), "set": {o.option: value}} |
			some o in row.any
			possible(o)
			value := pick(o.option, o.want)
		],
	])
}

# possible: nothing contradicts an alternative.
possible(other) if {
	not other.option in on
}

possible(other) if kconfig.satisfied("y", other.want)

on_cmdline(param) if {
	word := split(param, "=")
	kernel.last_value(word[0]) == concat("=", array.slice(word, 1, count(word)))
}

# modes are the modes of lockdown that the kernel is built with, or that the command
# line sets.
modes := {"integrity", "confidentiality"} if {
	"confidentiality" in asked_modes
} else := asked_modes

asked_modes := {mode |
	some i in existing
	kconfig.table[i].option == "CONFIG_SECURITY_LOCKDOWN_LSM_EARLY"
	some mode in kernel.values("lockdown")
	mode in {"integrity", "confidentiality"}
} | {"confidentiality" |
	some i in existing
	kconfig.table[i].option == "CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY"
}

# refuted: the settled values contradict the conditions of a row.
refuted(asked) if {
	is_object(asked)
	refutes(asked)
}

refuted(asked) if {
	is_array(asked)
	every one in asked {
		refutes(one)
	}
}

refutes(asked) if {
	some option, want in asked
	value := settled[option]
	not kconfig.satisfied(value, want)
}

# conditions are those of a row that nothing settles, as a text.
conditions(asked) := left(asked) if {
	is_object(asked)
} else := "" if {
	"" in {left(one) | some one in asked; not refutes(one)}
} else := concat(", or ", [left(one) | some one in asked; not refutes(one)])

left(asked) := concat(" and ", sort([sprintf("%s=%s", [option, kconfig.text(want)]) |
	some option, want in asked
	not settled[option]
]))

# chosen are the rows that have a line.
chosen := {i |
	some i in possible_rows
	not names[i] in beaten
	not evaded[i]
	values[i]
}

possible_rows := {i | some i in existing; not refuted(object.get(kconfig.table[i], "when", {}))}

# beaten are the options that lose to a better one of the same choice.
beaten := {other |
	some list in given.fragment.choices
	some at, option in list
	option in wanted
	some other in array.slice(list, at + 1, count(list))
}

wanted := {names[i] | some i in possible_rows; values[i] == "y"}

# demanded are all options that must be on: also those that rows with conditions require.
demanded := (on | graph.reachable(required, wanted)) - (forbidden | beaten)

# evaded are the rows whose option must be on, and the other way that satisfies them.
evaded := {i: evasion(i) |
	some i in possible_rows
	names[i] in (on | graph.reachable(required, wanted))
	not kconfig.satisfied("y", kconfig.table[i].want)
}

# forbidden are the options that rows forbid although they must be on: the line is that
# of the row.
forbidden := {names[i] |
	some i in chosen
	not kconfig.satisfied("y", kconfig.table[i].want)
}

# rules are the options for rules without rows.
rules := [r | some r in given.fragment.rules; r.pack in given.packs]

# final are the values of all lines.
final := object.union_n(array.flatten([
	{option: "y" | some option in demanded; not given.fragment.always[kernel.arch][option]},
	[e.set | some e in evaded],
	{r.option: "y" | some r in rules},
	{option: "y" | some option in given.fragment.builds[kernel.arch]},
	{names[i]: values[i] | some i in chosen},
]))

# lines are the lines of the fragment, by option.
lines[option] := {
	"value": value,
	"rules": array.concat([entry(r) | some r in rules; r.option == option], entries(chosen, option)),
	"needs": object.get(needed, option, []),
	"requiredBy": sort(object.get(requesters, option, set())),
	"conditions": sort({text |
		some i in chosen
		names[i] == option
		text := conditions(object.get(kconfig.table[i], "when", {}))
		text != ""
	}),
	"otherwise": [object.union(entry(kconfig.table[i]), {"how": e.how}) | some i, e in evaded; option in (object.keys(e.set) | {names[i]})],
} if {
	some option, value in final
}

# entries describe the rows of an option.
entries(indexes, option) := [entry(kconfig.table[i]) | some i in indexes; names[i] == option]

entry(row) := {"rule": row.rule, "pack": row.pack, "severity": row.severity, "why": row.why, "sources": row.sources}

# requesters are the options of lines that Kconfig does not offer without an option.
requesters[option] contains other if {
	some other, list in required
	some option in list
	final[other] == "y"
}

requesters[option] contains kernel.arch if some option in given.fragment.builds[kernel.arch]

requesters.CONFIG_EXPERT contains sprintf("%s off", [names[i]]) if {
	some i in chosen
	values[i] == "n"
	names[i] in given.fragment.expert.options
}

# conflicts are the lines that forbid what a component or another line needs.
conflicts[option] := {
	"value": final[option],
	"rules": entries({i | some i in chosen; not kconfig.satisfied("y", kconfig.table[i].want)}, option),
	"needs": object.get(needed, option, []),
	"requiredBy": sort(object.get(requesters, option, set())),
} if {
	some option in (on | graph.reachable(required, wanted))
	option in forbidden
}
