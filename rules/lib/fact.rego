# METADATA
# description: |-
#   Facts as texts, for the key `because` of a finding: the facts about this kernel
#   that cause the finding, and their sources.
package seaworthy.fact

import data.seaworthy.kernel

# option is the value of a kernel option.
option(name) := sprintf("%s=%s (kernel configuration)", [name, kernel.value(name)]) if {
	kernel.value(name) != "n"
} else := sprintf("%s is not set (kernel configuration)", [name])

# param is the last value of a parameter on the command line.
param(name) := sprintf("%s=%s (command line)", [name, kernel.last_value(name)]) if {
	kernel.last_value(name) != ""
} else := sprintf("%s (command line)", [name]) if {
	kernel.has_param(name)
} else := sprintf("no %s (command line)", [name])

# sysctl is the value that a sysctl is set to.
sysctl(key) := sprintf("%s=%s (set at boot)", [key, kernel.sysctl(key)]) if {
	kernel.sysctl(key)
} else := sprintf("%s is not set (kernel default)", [key])

# lockdown is the lockdown mode and its source.
lockdown := sprintf("lockdown: %s (command line)", [kernel.lockdown]) if {
	kernel.has_param("lockdown")
	kernel.locked_down
} else := sprintf("lockdown: %s (kernel configuration)", [kernel.lockdown]) if {
	kernel.locked_down
} else := "lockdown: none (neither command line nor kernel configuration)"
