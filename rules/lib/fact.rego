# METADATA
# description: |-
#   Facts in words, for the key `because` of a finding: what of this very kernel
#   makes it matter, and where that is from.
package seaworthy.fact

import data.seaworthy.kernel

option(name) := sprintf("%s=%s (kernel configuration)", [name, kernel.value(name)]) if {
	kernel.value(name) != "n"
} else := sprintf("%s is not set (kernel configuration)", [name])

param(name) := sprintf("%s=%s (command line)", [name, kernel.last_value(name)]) if {
	kernel.last_value(name) != ""
} else := sprintf("%s (command line)", [name]) if {
	kernel.has_param(name)
} else := sprintf("no %s (command line)", [name])

sysctl(key) := sprintf("%s=%s (set at boot)", [key, kernel.sysctl(key)]) if {
	kernel.sysctl(key)
} else := sprintf("%s: nothing sets it (kernel default)", [key])

lockdown := sprintf("lockdown: %s (command line)", [kernel.lockdown]) if {
	kernel.has_param("lockdown")
	kernel.locked_down
} else := sprintf("lockdown: %s (kernel configuration)", [kernel.lockdown]) if {
	kernel.locked_down
} else := "lockdown: none (neither command line nor kernel configuration)"
