# METADATA
# scope: package
# title: "Memory devices"
# description: |-
#   /dev/mem, kmem and port are the machine's memory; /dev/kmsg writes the kernel log.
# custom:
#   id: DEV-002
#   severity: critical
#   pack: baseline
#   controls: ["CIS-D 5.18", "ANSSI R15?"]
#   remediation: "Remove the device."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.DEV_002

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

memory_device(d) if d.path in {"/dev/mem", "/dev/kmem", "/dev/port", "/dev/kmsg"}

# By number too: 1:1 mem, 1:2 kmem, 1:4 port, 1:11 kmsg.
memory_device(d) if {
	d.type == "c"
	d.major == 1
	d.minor in {1, 2, 4, 11}
}

found contains lib.finding("DEV-002", c, {
	"path": sprintf("/linux/devices/%d", [i]),
	"actual": d.path,
	"expected": "no such device",
	"key": d.path,
	"message": sprintf("%s may open %s", [c.id, d.path]),
	"fix": sprintf("remove %s from the devices of %s", [d.path, c.id]),
	"edits": edit.without_devices(c, {d.path}),
}) if {
	some c in lib.containers
	some i, d in lib.devices(c)
	memory_device(d)
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
