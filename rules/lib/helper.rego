# METADATA
# description: |-
#   Sysctls that name a program. The kernel runs the program as root on the host,
#   outside every container. Processes can trigger this with a socket of an unknown
#   kind, a crash or a device.
package seaworthy.helper

import data.seaworthy.given
import data.seaworthy.kernel

# names_foreign_program: the value names a program other than the default of the
# kernel.
names_foreign_program(key, value) if {
	some h in helpers_of(key)
	runs_foreign_program(h, trim_space(value))
}

# For an unknown key, a path counts as a program.
names_foreign_program(key, value) if {
	count(helpers_of(key)) == 0
	regex.match(`^[|/]`, trim_space(value))
}

# helpers_of are the rows of given.helpers for a sysctl. The key can be a pattern (sysctl.d(5)).
helpers_of(key) := {h | some h in given.helpers; glob.match(key, null, h.key)} if {
	regex.match(`[*?\\[]`, key)
} else := object.get(by_key, key, set())

by_key[h.key] contains h if some h in given.helpers

# runs_foreign_program: the kernel runs the value, and it is not the default.
runs_foreign_program(h, value) if {
	not h.pipe
	not value in own_programs(h)
}

runs_foreign_program(h, value) if {
	h.pipe
	startswith(value, "|")
	not value in own_programs(h)
}

# own_programs are the default values of a helper.
own_programs(h) := {v | some v in h.own} | {v | v := kernel.value(h.option)}
