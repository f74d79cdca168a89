# METADATA
# scope: package
# title: "Command line from outside the UKI"
# description: |-
#   The signature of a UKI covers its command line. A line of a boot loader, of an addon or
#   of a kernel that is not in a UKI can be changed without the key, and loses parameters
#   such as lockdown. A line that differs from the one that the rules read was not judged.
# custom:
#   id: BOO-006
#   severity: high
#   pack: hardened
#   controls: ["ANSSI R5?", "CRA I.I(2)(f)?"]
#   remediation: "Put kernel, initrd and command line into one UKI, and start it without a boot loader."
#   inputs: ["boot", "command line"]
#   since: 0.1.0
package seaworthy.rules.BOO_006

import data.seaworthy.boot
import data.seaworthy.lib

checked contains lib.image_resource if count(boot.uefi) > 0

not_applicable contains {"resource": lib.image_resource, "reason": reason} if reason := boot.idle

unknown contains entry if some entry in boot.unread(boot.uefi)

fail contains {
	"id": "BOO-006",
	"resource": lib.image_resource,
	"path": "",
	"actual": way.what,
	"expected": "the command line of the UKI, as the rules read it",
	"key": sprintf("%s:%s", [f.path, way.path]),
	"message": sprintf("%s: %s", [boot.place(f.path, way.path), way.what]),
	"fix": "start one UKI that contains the whole command line, without a boot loader or addons",
} if {
	some f in boot.uefi
	some way in ways(f)
}

ways(f) := array.flatten([
	[{"path": p.path, "what": "the UKI has no command line of its own, and takes the one of the program that starts it"} |
		some p in boot.programs(f)
		p.kind == "uki"
		not p.cmdline == true
	],
	[{"path": p.path, "what": "the kernel is not in a UKI, and takes its command line from the boot loader"} | some p in boot.programs(f); p.kind == "kernel"],
	[{"path": p.path, "what": "the addon changes what a UKI starts"} | some p in boot.programs(f); p.kind == "addon"],
	[{"path": l.path, "what": sprintf("the boot loader has the command line %q", [l.raw])} | some l in lib.arr(f.lines); l.from == "loader"],
	[{"path": l.path, "what": sprintf("the UKI has the command line %q, but the rules read %q", [l.raw, input.cmdline.raw])} |
		some l in lib.arr(f.lines)
		l.from == "uki"
		l.raw != trim_space(input.cmdline.raw)
	],
])
