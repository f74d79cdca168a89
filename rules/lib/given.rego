# METADATA
# description: |-
#   The data that rules read. The engine puts data/*.json at the root of data;
#   stock opa, run on this folder, puts it below `data`. Both work.
package seaworthy.given

# kconfig are the rows about kernel options.
kconfig := data.kconfig if {
	data.kconfig
} else := data.data.kconfig

# cmdline are the rows about parameters of the command line.
cmdline := data.cmdline if {
	data.cmdline
} else := data.data.cmdline

# aliases are second names of parameters, by name.
aliases := data.aliases if {
	data.aliases
} else := data.data.aliases

# single are parameters that have no row, and of which the kernel uses only the last value.
single := data.single if {
	data.single
} else := data.data.single

# sysctl are the rows about sysctls.
sysctl := data.sysctl if {
	data.sysctl
} else := data.data.sysctl

# helpers are the sysctls that name a program, with the default of the kernel.
helpers := data.helpers if {
	data.helpers
} else := data.data.helpers

# components are the allowances of known components.
components := data.components if {
	data.components
} else := data.data.components

# programs are the known programs, with their packages and needs.
programs := data.programs if {
	data.programs
} else := data.data.programs

# params are the parameters of the rules.
params := data.params if {
	data.params
} else := data.data.params

# packs are the active packs; all packs if none are selected.
packs := {name | some name in data.seaworthy.active} if {
	data.seaworthy.active
} else := {"baseline", "hardened", "strict"}

# fragment is what the configuration of a kernel needs besides the rows.
fragment := data.fragment if {
	data.fragment
} else := data.data.fragment

# devices are the device numbers of the kernel, each with a name and a class
# (Documentation/admin-guide/devices.txt).
devices := data.devices if {
	data.devices
} else := data.data.devices

# distros are the distributions, with the end of their security updates.
distros := data.distros if {
	data.distros
} else := data.data.distros

# kernels are the longterm series of the kernel, with the end of their maintenance.
kernels := data.kernels if {
	data.kernels
} else := data.data.kernels

# date is the day of the decision, YYYY-MM-DD. Stock opa does not set it.
date := data.seaworthy.date

# policy describes the policy of the decision. Stock opa does not set it.
policy := data.seaworthy.policy
