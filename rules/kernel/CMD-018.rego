# METADATA
# scope: package
# title: "The kernel reads a different command line"
# description: |-
#   The kernel does not use the command line of os.yml. There are three causes. The line is longer than
#   the kernel reads (COMMAND_LINE_SIZE), so its end is cut off. The kernel has a built-in line that
#   replaces it (CONFIG_CMDLINE_OVERRIDE, CONFIG_CMDLINE_FORCE). Or the kernel has a built-in boot
#   configuration (CONFIG_BOOT_CONFIG_EMBED), whose parameters are in no file. Other rules check the
#   line that the kernel reads, as far as it is known.
# custom:
#   id: CMD-018
#   severity: high
#   pack: baseline
#   controls: ["SSDF PW.9.1?"]
#   remediation: "Shorten kernel.cmdline, or use a kernel without a built-in command line or boot configuration."
#   inputs: ["command line", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.CMD_018

import data.seaworthy.kernel
import data.seaworthy.lib

unknown contains entry if {
	not input.kernel.present == true
	some entry in kernel.config_unknown
}

checked contains "cmdline:line" if input.kernel.present == true

finding := {
	"id": "CMD-018",
	"resource": "cmdline:line",
	"path": "",
	"origin": lib.cmdline_origin,
	"expected": "the kernel reads kernel.cmdline as written",
	"edits": [],
}

fail contains object.union(finding, {
	"actual": sprintf("%d bytes too long", [input.cmdline.cut]),
	"key": "cut",
	"message": sprintf("the command line is %d bytes longer than the kernel reads: its end is cut off", [input.cmdline.cut]),
	"fix": "shorten kernel.cmdline",
}) if {
	input.cmdline.cut > 0
}

fail contains object.union(finding, {
	"actual": sprintf("CONFIG_CMDLINE=%q", [input.cmdline.builtIn.text]),
	"key": "built-in",
	"message": sprintf("the kernel ignores kernel.cmdline: its built-in command line is %q", [input.cmdline.builtIn.text]),
	"fix": "kernel.image: use a kernel that is built without CONFIG_CMDLINE_OVERRIDE and CONFIG_CMDLINE_FORCE",
}) if {
	input.cmdline.builtIn.mode == "instead"
	trim_space(input.cmdline.raw) != ""
	trim_space(input.cmdline.raw) != trim_space(input.cmdline.builtIn.text)
}

fail contains object.union(finding, {
	"actual": "CONFIG_BOOT_CONFIG_EMBED=y",
	"key": "boot-config",
	"message": "the kernel has a built-in boot configuration, whose parameters cannot be seen",
	"fix": "kernel.image: use a kernel that is built without CONFIG_BOOT_CONFIG_EMBED, or remove bootconfig from kernel.cmdline",
}) if {
	kernel.on("CONFIG_BOOT_CONFIG_EMBED")
	boot_config_read
}

boot_config_read if kernel.on("CONFIG_BOOT_CONFIG_FORCE")

boot_config_read if kernel.has_param("bootconfig")
