# METADATA
# scope: package
# title: "A sysctl names a program"
# description: |-
#   kernel.modprobe, kernel.core_pattern with "|" and similar sysctls name a program. The kernel runs it
#   as root on the host, outside every container and without a seccomp filter. If the value is not the
#   kernel's own program, any process that can trigger the call runs that program as root. CMD-003
#   checks settings on the command line. This rule checks every file that may be applied: in the files
#   section, and in images of the init and onboot sections.
# custom:
#   id: SYS-019
#   severity: critical
#   pack: baseline
#   controls: []
#   remediation: "Remove the setting."
#   inputs: ["sysctls", "kernel config"]
#   since: 0.1.0
package seaworthy.rules.SYS_019

import data.seaworthy.edit
import data.seaworthy.helper
import data.seaworthy.kernel
import data.seaworthy.lib
import data.seaworthy.tables.sysctl

# places are all settings: key, value, and where each is made.
places contains [kernel.sysctl_key(s.key), trim_space(s.value), where(s)] if {
	some s in input.sysctl.settings
	object.get(s, "component", "") != "cmdline"
}

places contains [kernel.sysctl_key(key), trim_space(value), c.id] if {
	some c in lib.containers
	some key, value in lib.obj(lib.obj(lib.obj(c.spec).linux).sysctl)
}

places contains [kernel.sysctl_key(s.key), trim_space(s.value), sprintf("%s in %s", [s.source, c.id])] if {
	some c in input.components
	c.section in {"init", "onboot", "onshutdown"}
	some s in lib.arr(object.get(c, ["files", "sysctl"], []))
}

places contains [kernel.sysctl_key(s.key), trim_space(s.value), f.path] if {
	some f in input.files
	some s in lib.arr(object.get(f, "sysctl", []))
}

where(s) := s.component if {
	s.source == "spec"
} else := sprintf("%s in %s", [s.source, s.component]) if {
	s.component
} else := s.source

bad[key] contains place if {
	some place in places
	key := place[0]
	helper.names_foreign_program(key, place[1])
}

checked contains lib.image_resource if input.sysctl

unknown contains {"resource": lib.image_resource, "reason": reason} if some reason in sysctl.unsure

fail contains {
	"id": "SYS-019",
	"resource": sprintf("sysctl:%s", [key]),
	"path": "",
	"actual": sort({place[1] | some place in found}),
	"expected": "no program, or the default of the kernel",
	"key": key,
	"message": sprintf("%s names a program that the kernel runs as root, outside every container: %s", [key, concat("; ", texts)]),
	"fix": sprintf("remove the setting of %s", [key]),
	"edits": edit.without_sysctl_settings(key),
} if {
	some key, found in bad
	texts := sort({sprintf("%s (%s)", [place[1], place[2]]) | some place in found})
}
