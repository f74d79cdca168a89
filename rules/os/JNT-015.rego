# METADATA
# scope: package
# title: "Module loading is disabled too early"
# description: |-
#   kernel.modules_disabled=1 is set before a component loads modules. The component fails
#   at boot, and a protection that needs its modules is missing.
# custom:
#   id: JNT-015
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R10"]
#   remediation: "Move the component that loads modules before the one that applies sysctls."
#   inputs: ["sysctls", "spec", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.JNT_015

import data.seaworthy.edit
import data.seaworthy.kernel
import data.seaworthy.lib

# loaders are the onboot components that load modules, setters those that set the sysctl.
loaders contains c if {
	some c in lib.onboot
	"CAP_SYS_MODULE" in lib.caps(c)
}

setters contains c if {
	some s in input.sysctl.settings
	kernel.sysctl_key(s.key) == "kernel.modules_disabled"
	kernel.numeral(trim_space(s.value)) == "1"
	some c in lib.onboot
	c.id == s.component
}

checked contains lib.resource(c) if some c in loaders

unknown contains u if some u in lib.no_spec

found contains lib.finding("JNT-015", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("after %s, which sets kernel.modules_disabled=1", [by.id]),
	"expected": sprintf("before %s", [by.id]),
	"key": "order",
	"message": sprintf("%s loads modules, but %s disables module loading before it runs", [c.id, by.id]),
	"fix": sprintf("move %s before %s in onboot", [c.name, by.name]),
}) if {
	some c in loaders
	some by in setters
	by.index < c.index
	not kernel.off("CONFIG_MODULES")
}

found contains lib.finding("JNT-015", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": "sysctl.kernel.modules_disabled=1 on the command line",
	"expected": "set after the last module is loaded",
	"key": "order",
	"message": sprintf("%s loads modules, but the command line disables module loading before it runs", [c.id]),
	"fix": "remove sysctl.kernel.modules_disabled from kernel.cmdline",
	"edits": edit.without_params([p | some p in kernel.params; kernel.sysctl_key(p.name) == "sysctl.kernel.modules_disabled"]),
}) if {
	some c in loaders
	some s in input.sysctl.settings
	kernel.sysctl_key(s.key) == "kernel.modules_disabled"
	s.component == "cmdline"
	kernel.numeral(trim_space(s.value)) == "1"
	not kernel.off("CONFIG_MODULES")
}
