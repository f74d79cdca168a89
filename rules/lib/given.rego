# METADATA
# description: |-
#   What rules are given as data. The engine puts data/*.json at the root;
#   stock opa, run on this folder, puts them below `data`. Either will do.
package seaworthy.given

kconfig := data.kconfig if {
	data.kconfig
} else := data.data.kconfig

cmdline := data.cmdline if {
	data.cmdline
} else := data.data.cmdline

# aliases are second names of parameters, by name; single are parameters without
# a row of which the last one counts.
aliases := data.aliases if {
	data.aliases
} else := data.data.aliases

single := data.single if {
	data.single
} else := data.data.single

sysctl := data.sysctl if {
	data.sysctl
} else := data.data.sysctl

# helpers are the sysctls that name a program, and what the kernel's own is.
helpers := data.helpers if {
	data.helpers
} else := data.data.helpers

components := data.components if {
	data.components
} else := data.data.components

# programs are known ones, and what each needs and does.
programs := data.programs if {
	data.programs
} else := data.data.programs

params := data.params if {
	data.params
} else := data.data.params

# packs are those that are asked for; where nobody says which, all.
packs := {name | some name in data.seaworthy.active} if {
	data.seaworthy.active
} else := {"baseline", "hardened", "strict"}

# devices are the kernel's numbers for devices, with their class
# (Documentation/admin-guide/devices.txt).
devices := data.devices if {
	data.devices
} else := data.data.devices

# distros are the distributions and until when they get security updates.
distros := data.distros if {
	data.distros
} else := data.data.distros

# kernels are the longterm series of the kernel and until when each is maintained.
kernels := data.kernels if {
	data.kernels
} else := data.data.kernels

# date is the day of the decision, YYYY-MM-DD; policy lists what is decided by.
# Stock opa knows neither.
date := data.seaworthy.date

policy := data.seaworthy.policy
