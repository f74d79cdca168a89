# METADATA
# description: |-
#   Sysctls that name a program. The kernel runs it as root of the host, outside
#   every container, and whoever can make the kernel look for it (a socket of an
#   unknown kind, a crash, a device) has it run.
package seaworthy.helper

import data.seaworthy.given
import data.seaworthy.kernel

# names_foreign_program: the value names a program that is not the kernel's own.
names_foreign_program(key, value) if {
	some h in matches_key(key)
	runs_foreign_program(h, trim_space(value))
}

# Of a key that nobody knows, a path tells.
names_foreign_program(key, value) if {
	count(matches_key(key)) == 0
	regex.match(`^[|/]`, trim_space(value))
}

# matches_key are the helpers whose key it is, or whose keys match it as a pattern
# (sysctl.d(5)).
matches_key(key) := {h | some h in given.helpers; glob.match(key, null, h.key)} if {
	regex.match(`[*?\\[]`, key)
} else := object.get(by_key, key, set())

by_key[h.key] contains h if some h in given.helpers

runs_foreign_program(h, value) if {
	not h.pipe
	not value in own_programs(h)
}

runs_foreign_program(h, value) if {
	h.pipe
	startswith(value, "|")
	not value in own_programs(h)
}

own_programs(h) := {v | some v in h.own} | {v | v := kernel.value(h.option)}
