# METADATA
# scope: package
# title: "Device rules that do nothing"
# description: |-
#   On cgroup v2 device rules are BPF programs; without CONFIG_CGROUP_BPF every device is open.
# custom:
#   id: JNT-013
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.18"]
#   remediation: "Use a kernel with CONFIG_CGROUP_BPF."
#   inputs: ["spec", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.JNT_013

import data.seaworthy.fact
import data.seaworthy.kernel
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

unknown contains {"resource": lib.resource(c), "reason": kernel.config_missing} if {
	some c in lib.containers
	exposed(c)
}

exposed(c) if {
	count(lib.device_rules(c)) > 0
	not lib.all_devices(c)
}

# cgroup v1 has a device controller of its own.
cgroup_v2 if not cgroup_v1

cgroup_v1 if {
	kernel.last("linuxkit.unified_cgroup_hierarchy") == "0"
	kernel.on("CONFIG_CGROUP_DEVICE")
}

found contains lib.finding("JNT-013", c, {
	"path": "/linux/resources/devices",
	"actual": sprintf("device rules, but not %s", [option]),
	"expected": "a kernel that applies them",
	"key": option,
	"message": sprintf("the device rules of %s do nothing: %s is off", [c.id, option]),
	"because": [fact.option("CONFIG_CGROUP_BPF"), fact.option("CONFIG_BPF_SYSCALL")],
	"fix": sprintf("kernel.image: use a kernel that is built with %s=y", [option]),
}) if {
	some c in lib.containers
	exposed(c)
	some option in ["CONFIG_CGROUP_BPF", "CONFIG_BPF_SYSCALL"]
	kernel.off(option)
	cgroup_v2
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
