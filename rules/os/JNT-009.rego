# METADATA
# scope: package
# title: "dm-verity without kernel support"
# description: |-
#   The command line or the format asks for dm-verity, but the kernel cannot apply it. The system does
#   not boot, or an attacker can change the disk without detection.
# custom:
#   id: JNT-009
#   severity: critical
#   pack: baseline
#   controls: ["CRA I.I(2)(f)?", "ANSSI R3?"]
#   remediation: "Use a kernel with CONFIG_DM_VERITY=y and CONFIG_DM_INIT=y."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.JNT_009

import data.seaworthy.fact
import data.seaworthy.kernel
import data.seaworthy.lib

# The kernel treats an underscore in a name as a hyphen.
verity_params contains name if {
	some p in kernel.params
	name := replace(p.name, "_", "-")
	named(name)
	wants_verity(name, p.value)
}

# The format adds the root hash when it is built.
verity_params contains "roothash" if {
	some f in lib.arr(input.formats)
	f.verified == true
}

named(name) if name in {"dm-mod.create", "roothash", "usrhash", "seaworthy.verity", "seaworthy.roothash"}

named(name) if regex.match(`^(rd\.)?systemd\.verity(-|$)`, name)

wants_verity(name, value) if {
	name != "dm-mod.create"
	not regex.match(`^(?i)(0|no?|f(alse)?|off)$`, lib.str(value))
}

wants_verity(_, value) if contains(lib.str(value), "verity")

checked contains sprintf("cmdline:%s", [name]) if {
	kernel.config_known
	some name in verity_params
}

unknown contains entry if {
	count(verity_params) > 0
	some entry in kernel.config_unknown
}

fail contains {
	"id": "JNT-009",
	"resource": sprintf("cmdline:%s", [name]),
	"path": "",
	"origin": lib.cmdline_origin,
	"actual": sprintf("%s, but %s", [name, missing]),
	"expected": "a kernel with dm-verity",
	"key": name,
	"message": sprintf("the system needs dm-verity (%s), but %s", [name, missing]),
	"because": [fact.option("CONFIG_DM_VERITY"), fact.option("CONFIG_DM_INIT")],
	"fix": "kernel.image: use a kernel that is built with CONFIG_DM_VERITY=y and CONFIG_DM_INIT=y",
} if {
	some name in verity_params
	missing := lacking(name)
}

lacking(_) := "the kernel does not support it (CONFIG_DM_VERITY is off)" if kernel.off("CONFIG_DM_VERITY")

lacking("dm-mod.create") := "the kernel cannot set it up from the command line (CONFIG_DM_INIT is off)" if {
	kernel.on("CONFIG_DM_VERITY")
	kernel.off("CONFIG_DM_INIT")
}
