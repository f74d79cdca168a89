# METADATA
# scope: package
# title: "The kernel reads another command line"
# description: |-
#   What os.yml says is not what the kernel goes by: the line is longer than the kernel takes (COMMAND_LINE_SIZE), and its
#   end is cut off; or the kernel is built with a line of its own that stands in the place of it (CONFIG_CMDLINE_OVERRIDE,
#   CONFIG_CMDLINE_FORCE); or with a boot configuration (CONFIG_BOOT_CONFIG_EMBED), which sets parameters that are seen in
#   no file. Other rules judge the line that the kernel reads, as far as it is known.
# custom:
#   id: CMD-018
#   severity: high
#   pack: baseline
#   controls: ["SSDF PW.9.1?"]
#   remediation: "Shorten kernel.cmdline, or use a kernel without a command line of its own."
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
	"expected": "the kernel reads what kernel.cmdline says",
	"edits": [],
}

fail contains object.union(finding, {
	"actual": sprintf("%d bytes too long", [input.cmdline.cut]),
	"key": "cut",
	"message": sprintf("the command line is %d bytes longer than the kernel takes: they are cut off at its end", [input.cmdline.cut]),
	"fix": "shorten kernel.cmdline",
}) if {
	input.cmdline.cut > 0
}

fail contains object.union(finding, {
	"actual": sprintf("CONFIG_CMDLINE=%q", [input.cmdline.builtIn.text]),
	"key": "built-in",
	"message": sprintf("the kernel ignores kernel.cmdline: it is built to boot with %q", [input.cmdline.builtIn.text]),
	"fix": "kernel.image: use a kernel that is built without CONFIG_CMDLINE_OVERRIDE and CONFIG_CMDLINE_FORCE",
}) if {
	input.cmdline.builtIn.mode == "instead"
	trim_space(input.cmdline.raw) != ""
	trim_space(input.cmdline.raw) != trim_space(input.cmdline.builtIn.text)
}

fail contains object.union(finding, {
	"actual": "CONFIG_BOOT_CONFIG_EMBED=y",
	"key": "boot-config",
	"message": "the kernel takes parameters from a boot configuration that is built into it, and that cannot be seen",
	"fix": "kernel.image: use a kernel that is built without CONFIG_BOOT_CONFIG_EMBED, or take bootconfig out of kernel.cmdline",
}) if {
	kernel.on("CONFIG_BOOT_CONFIG_EMBED")
	boot_config_read
}

boot_config_read if kernel.on("CONFIG_BOOT_CONFIG_FORCE")

boot_config_read if kernel.has_param("bootconfig")
