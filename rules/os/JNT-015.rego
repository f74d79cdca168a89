# METADATA
# scope: package
# title: "Module loading is disabled too early"
# description: |-
#   kernel.modules_disabled=1 is set before modules are loaded: by a component with
#   CAP_SYS_MODULE, by init because of a file in /etc/modules-load.d, or by init for the
#   mounts, interfaces and disks of the system. That fails at boot, and a protection that
#   needs the modules is missing.
# custom:
#   id: JNT-015
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R10"]
#   remediation: "Set kernel.modules_disabled after the last module is loaded: in a later onboot component."
#   inputs: ["sysctls", "spec", "kernel config", "command line", "image"]
#   since: 0.1.0
package seaworthy.rules.JNT_015

import data.seaworthy.edit
import data.seaworthy.kernel
import data.seaworthy.lib

disabling := [s |
	some s in input.sysctl.settings
	kernel.sysctl_key(s.key) == "kernel.modules_disabled"
	kernel.numeral(trim_space(s.value)) == "1"
]

# setters are the onboot components that set the sysctl.
setters contains c if {
	some s in disabling
	some c in lib.onboot
	c.id == s.component
}

# on_cmdline: the kernel sets it before it starts init.
on_cmdline if {
	some s in disabling
	s.component == "cmdline"
}

# loaders are the components that load modules, or for which init loads them.
loaders := [c | some c in lib.containers; loads(c) != ""]

# loads is what loads modules when the component starts, "" for nothing. Onshutdown
# components start when a module is no longer needed.
default loads(_) := ""

loads(c) := sprintf("%s loads modules", [c.id]) if {
	by_itself(c)
} else := sprintf("init loads the module %s for %s", [concat(", ", late(c)), c.id]) if {
	c.section in {"onboot", "services"}
	count(late(c)) > 0
}

by_itself(c) if {
	c.section in {"onboot", "services"}
	"CAP_SYS_MODULE" in lib.caps(c)
}

# wanted are the modules that init loads when it prepares a component: for its mounts
# in the host, and for the interfaces that it gets. OCI runtimes load none.
wanted(c) := {name |
	some kind in array.concat(
		[lib.str(m.type) | some m in lib.arr(lib.obj(c.runtime).mounts)],
		[lib.str(i.add) | some i in lib.arr(lib.obj(c.runtime).interfaces)],
	)
	name := canonical(kind)
	name in modules
}

# late are those of wanted that no earlier component had loaded before the first setter.
late(c) := wanted(c) - loaded

loaded contains name if {
	first := min([by.index | some by in setters])
	not on_cmdline
	some c in lib.onboot
	c.index <= first
	some name in wanted(c)
}

loaded contains name if {
	not on_cmdline
	some name in array.concat([n | some x in boot_files; some n in x.names], [n | some x in boot_images; some n in x.names])
}

# modules are the kernel's modules: the others are built in, or do not exist.
modules := {canonical(m) | some m in lib.arr(lib.obj(input.kernel).modules)}

canonical(name) := replace(name, "-", "_")

# boot_files and boot_images name modules that init loads before all components.
boot_files := [{"file": f, "names": names} |
	some f in lib.arr(input.files)
	names := listed(f.modules)
	count(names) > 0
]

boot_images := [{"component": c, "names": names} |
	some c in input.components
	c.section in {"kernel", "init"}
	names := listed(lib.obj(c.files).modulesLoad)
	count(names) > 0
]

listed(names) := {name | some n in lib.arr(names); name := canonical(n); name in modules}

# root_modules open a verified root. Init loads them first.
root_modules := {"dm_mod", "dm_verity"} & modules

verified := [f.name | some f in lib.arr(input.formats); f.verified == true]

checked contains lib.resource(c) if some c in loaders

checked contains lib.resource(x.component) if some x in boot_images

checked contains sprintf("file:%s", [x.file.path]) if some x in boot_files

checked contains "cmdline:sysctl.kernel.modules_disabled" if {
	on_cmdline
	count(verified) > 0
}

unknown contains u if some u in lib.no_spec

found contains lib.finding("JNT-015", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("after %s, which sets kernel.modules_disabled=1", [by.id]),
	"expected": sprintf("before %s", [by.id]),
	"key": "order",
	"message": sprintf("%s, but %s disables module loading before it runs", [loads(c), by.id]),
	"fix": fix(c, by),
}) if {
	some c in loaders
	some by in setters
	before(by, c)
	not kernel.off("CONFIG_MODULES")
}

# before: the onboot component ends before the other one starts.
before(by, c) if {
	c.section == "onboot"
	by.index < c.index
}

before(_, c) if c.section == "services"

fix(c, by) := sprintf("move %s before %s in onboot", [c.name, by.name]) if c.section == "onboot"

fix(c, by) := sprintf("set kernel.modules_disabled in a component that runs when %s has started, or load its modules before %s: with /etc/modules-load.d or the component modprobe", [c.name, by.name]) if c.section != "onboot"

found contains lib.finding("JNT-015", c, object.union(too_early, {
	"origin": c.image.origin,
	"message": sprintf("%s, but the command line disables module loading before it runs", [loads(c)]),
})) if {
	some c in loaders
	on_cmdline
	not kernel.off("CONFIG_MODULES")
}

found contains lib.finding("JNT-015", x.component, object.union(too_early, {
	"origin": lib.in_image(x.component),
	"key": "modules-load.d",
	"message": sprintf("init loads %s because of /etc/modules-load.d in the image of %s, but the command line disables module loading before init starts", [concat(", ", x.names), x.component.id]),
})) if {
	some x in boot_images
	on_cmdline
	not kernel.off("CONFIG_MODULES")
}

found contains object.union(too_early, {
	"id": "JNT-015",
	"resource": sprintf("file:%s", [x.file.path]),
	"origin": x.file.origin,
	"key": "modules-load.d",
	"message": sprintf("init loads %s because of %s, but the command line disables module loading before init starts", [concat(", ", x.names), x.file.path]),
}) if {
	some x in boot_files
	on_cmdline
	not kernel.off("CONFIG_MODULES")
}

found contains object.union(too_early, {
	"id": "JNT-015",
	"resource": "cmdline:sysctl.kernel.modules_disabled",
	"origin": lib.cmdline_origin,
	"key": "root",
	"message": sprintf("init loads %s to open the root of the format %s, but the command line disables module loading before init starts", [concat(", ", root_modules), verified[0]]),
}) if {
	count(root_modules) > 0
	count(verified) > 0
	on_cmdline
	not kernel.off("CONFIG_MODULES")
}

too_early := {
	"path": "",
	"actual": "sysctl.kernel.modules_disabled=1 on the command line",
	"expected": "set after the last module is loaded",
	"key": "order",
	"fix": "remove sysctl.kernel.modules_disabled from kernel.cmdline",
	"edits": edit.without_params([p | some p in kernel.params; kernel.sysctl_key(p.name) == "sysctl.kernel.modules_disabled"]),
}
