# METADATA
# scope: package
# title: "Device rules without effect"
# description: |-
#   On cgroup v2, device rules are BPF programs. Without CONFIG_CGROUP_BPF and
#   CONFIG_BPF_SYSCALL an attacker can open every device. On cgroup v1, the device
#   controller (CONFIG_CGROUP_DEVICE) applies the rules.
# custom:
#   id: JNT-013
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.18"]
#   remediation: "Use a kernel with CONFIG_CGROUP_BPF=y and CONFIG_BPF_SYSCALL=y; on cgroup v1, with CONFIG_CGROUP_DEVICE=y."
#   inputs: ["spec", "kernel config", "command line"]
#   since: 0.1.0
package seaworthy.rules.JNT_013

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

exposed(c) if {
	count(lib.device_rules(c)) > 0
	not lib.all_devices(c)
}

# cgroup v1 has its own device controller. The configuration or the command line can
# leave it out.
cgroup_v1 if kernel.last_value("linuxkit.unified_cgroup_hierarchy") == "0"

missing contains option if {
	not cgroup_v1
	some option in ["CONFIG_CGROUP_BPF", "CONFIG_BPF_SYSCALL"]
	kernel.off(option)
}

missing contains "CONFIG_CGROUP_DEVICE" if {
	cgroup_v1
	kernel.off("CONFIG_CGROUP_DEVICE")
}

left_out contains name if {
	cgroup_v1
	some name in ["cgroup_disable", "cgroup_no_v1"]
	some text in kernel.values(name)
	some word in split(text, ",")
	word in {"devices", "all"}
}

found contains lib.finding("JNT-013", c, {
	"path": "/linux/resources/devices",
	"actual": sprintf("device rules, but %s is off", [option]),
	"expected": "a kernel that applies the device rules",
	"key": option,
	"message": sprintf("the device rules of %s have no effect: %s is off", [c.id, option]),
	"because": [fact.option("CONFIG_CGROUP_BPF"), fact.option("CONFIG_BPF_SYSCALL")],
	"fix": sprintf("kernel.image: use a kernel that is built with %s=y", [option]),
}) if {
	some c in lib.containers
	exposed(c)
	some option in missing
}

found contains lib.finding("JNT-013", c, {
	"path": "/linux/resources/devices",
	"actual": sprintf("device rules, but %s= on the command line", [name]),
	"expected": "a kernel that applies the device rules",
	"key": name,
	"message": sprintf("the device rules of %s have no effect: %s= disables the device controller of cgroup v1", [c.id, name]),
	"because": [fact.param("linuxkit.unified_cgroup_hierarchy"), fact.param(name)],
	"fix": sprintf("remove %s= or linuxkit.unified_cgroup_hierarchy=0 from kernel.cmdline", [name]),
	"edits": edit.without_params(edit.params_of("linuxkit.unified_cgroup_hierarchy")),
}) if {
	some c in lib.containers
	exposed(c)
	some name in left_out
}
