# METADATA
# scope: package
# title: "Debug kernel"
# description: |-
#   A debug kernel gives an attacker more information and more code to attack than a
#   production kernel. It is also slower. The rule recognizes a debug kernel by its name
#   (LinuxKit's names end in -dbg, Fedora's in +debug) or by options that no production
#   kernel has (data.params.debug_kernel_options).
# custom:
#   id: BOO-004
#   severity: high
#   pack: baseline
#   controls: ["800-190 4.5.1?"]
#   remediation: "Use the production kernel of the same version."
#   inputs: ["kernel", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.BOO_004

import data.seaworthy.given
import data.seaworthy.kernel
import data.seaworthy.lib

checked contains kernel.kernel_resource if input.kernel.present == true

not_applicable contains {"resource": kernel.kernel_resource, "reason": "os.yml has no kernel section"} if {
	not input.kernel.present == true
}

unknown contains {"resource": kernel.kernel_resource, "reason": kernel.config_missing} if {
	input.kernel.present == true
	not kernel.config_known
}

debug_name := `(^|[-_.+:/])(dbg|debug)([-_.+:/]|$)`

found contains lib.finding("BOO-004", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": name,
	"expected": "a production kernel",
	"key": "name",
	"message": sprintf("the kernel is a debug kernel: %s", [name]),
	"fix": "kernel.image: use the production kernel of the same version",
}) if {
	some c in input.components
	c.section == "kernel"
	names := [n |
		some n in [sprintf("%s:%s", [c.image.repository, c.image.tag]), lib.str(input.kernel.version)]
		regex.match(debug_name, lower(n))
	]
	count(names) > 0
	name := names[0]
}

found contains lib.finding("BOO-004", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("%s=%s", [option, kernel.value(option)]),
	"expected": sprintf("%s off", [option]),
	"key": option,
	"message": sprintf("the kernel is built for debugging: %s=%s", [option, kernel.value(option)]),
	"fix": sprintf("kernel.image: use a kernel that is built without %s", [option]),
}) if {
	some c in input.components
	c.section == "kernel"
	some option in given.params.debug_kernel_options
	kernel.on(option)
}
