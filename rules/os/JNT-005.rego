# METADATA
# scope: package
# title: "Component can access physical memory"
# description: |-
#   Through CAP_SYS_RAWIO, a memory device or a bind of /dev, an attacker can access
#   physical memory and I/O ports. The kernel configuration decides how much of them.
# custom:
#   id: JNT-005
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.18", "ANSSI R15?"]
#   remediation: "Remove the capability, the device or the bind, or add lockdown=integrity to kernel.cmdline."
#   inputs: ["spec", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.JNT_005

import data.seaworthy.edit
import data.seaworthy.fact
import data.seaworthy.kernel
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

unknown contains {"resource": lib.resource(c), "reason": kernel.config_missing} if {
	some c in lib.containers
	exposed(c)
}

exposed(c) if "CAP_SYS_RAWIO" in lib.host_caps(c)

exposed(c) if count(memory_paths(c)) > 0

exposed(c) if count(of_memory(c)) > 0

memory_paths(c) := {d.path | some d in lib.devices(c); lib.device_kind(d).name in {"/dev/mem", "/dev/kmem", "/dev/port"}}

# of_memory are the mounts that show a memory device.
of_memory(c) := [p |
	some p in lib.placed_in[c.id]
	count(p.shows & {"/", "/dev", "/dev/mem", "/dev/kmem", "/dev/port"}) > 0
]

ways contains "/dev/mem" if kernel.on("CONFIG_DEVMEM")

ways contains "/dev/port" if kernel.on("CONFIG_DEVPORT")

ways contains "ioperm and iopl" if kernel.on("CONFIG_X86_IOPL_IOPERM")

severity := "low" if {
	ways == {"/dev/mem"}
	kernel.on("CONFIG_STRICT_DEVMEM")
	kernel.on("CONFIG_IO_STRICT_DEVMEM")
	not relaxed
} else := "high"

relaxed if {
	some text in kernel.values("iomem")
	contains(text, "relaxed")
}

without_dev(c) := [e | some p in of_memory(c); some e in edit.without_placed_mount(p)]

found contains lib.finding("JNT-005", c, {
	"path": "/process/capabilities",
	"actual": sort(ways),
	"expected": "lockdown, or none of these: CAP_SYS_RAWIO, a memory device, a bind of /dev",
	"key": "devmem",
	"severity": severity,
	"message": sprintf("%s can access physical memory or I/O ports through %s", [c.id, lib.one_line(ways)]),
	"because": [
		fact.option("CONFIG_DEVMEM"),
		fact.option("CONFIG_STRICT_DEVMEM"),
		fact.option("CONFIG_IO_STRICT_DEVMEM"),
		fact.option("CONFIG_DEVPORT"),
		fact.lockdown,
	],
	"fix": sprintf("add lockdown=integrity to kernel.cmdline. If the kernel has no lockdown: remove CAP_SYS_RAWIO, %s and the mounts of /dev from %s. %s", [lib.one_line(memory_paths(c) | {"/dev/mem"}), c.id, edit.loss_note(c, "raw memory, and no host device except those that it lists")]),
	"edits": edit.first_nonempty(edit.lockdown("integrity"), edit.unless_needed([edit.without_caps(c, {"CAP_SYS_RAWIO"}), edit.without_devices(c, memory_paths(c)), without_dev(c)], edit.needed(c, {"CAP_SYS_RAWIO"}))),
}) if {
	some c in lib.containers
	exposed(c)
	kernel.config_known
	not kernel.locked_down
	count(ways) > 0
}
