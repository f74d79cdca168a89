# METADATA
# description: |-
#   Sysctls that name a program. The kernel runs it as root of the host, outside
#   every container, and whoever can make the kernel look for it (a socket of an
#   unknown kind, a crash, a device) has it run.
package seaworthy.helper

import data.seaworthy.given
import data.seaworthy.kernel

# named: the value names a program that is not the kernel's own.
named(key, value) if {
	some h in given.helpers
	meant(key, h.key)
	runs(h, trim_space(value))
}

# Of a key that nobody knows, a path tells.
named(key, value) if {
	not known(key)
	regex.match(`^[|/]`, trim_space(value))
}

known(key) if {
	some h in given.helpers
	meant(key, h.key)
}

# meant: the key is that of the helper, or a pattern that takes it in
# (sysctl.d(5)).
meant(key, name) if key == name

meant(key, name) if {
	regex.match(`[*?\\[]`, key)
	glob.match(key, null, name)
}

runs(h, value) if {
	not h.pipe
	not value in own(h)
}

runs(h, value) if {
	h.pipe
	startswith(value, "|")
	not value in own(h)
}

own(h) := {v | some v in h.own} | {v | v := kernel.value(h.option)}
