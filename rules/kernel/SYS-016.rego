# METADATA
# scope: package
# title: "No component applies sysctls"
# description: |-
#   Nothing sets sysctls at boot, so the defaults of the kernel apply. Most of them are weak.
# custom:
#   id: SYS-016
#   severity: medium
#   pack: hardened
#   controls: ["SSDF PW.9.1?", "CRA I.I(2)(b)?"]
#   remediation: "Add the sysctl component to onboot."
#   inputs: ["sysctls"]
#   since: 0.1.0
package seaworthy.rules.SYS_016

import data.seaworthy.lib
import data.seaworthy.tables.sysctl

checked contains lib.image_resource if some c in input.components

unknown contains {"resource": lib.image_resource, "reason": reason} if {
	not input.sysctl.applied == true
	count(sysctl.unread) > 0
	reason := sprintf("the files of %s were not inventoried, and may apply sysctls", [concat(", ", sysctl.unread)])
}

unknown contains {"resource": lib.image_resource, "reason": reason} if {
	not input.sysctl.applied == true
	some reason in sysctl.unsure
	count(sysctl.unread) == 0
}

fail contains {
	"id": "SYS-016",
	"resource": lib.image_resource,
	"path": "",
	"actual": "no component applies sysctls",
	"expected": "an onboot component that applies /etc/sysctl.d",
	"key": "applied",
	"message": "no component applies sysctls, so the defaults of the kernel apply",
	"fix": "add to onboot: {name: sysctl, image: seaworthy/sysctl:VERSION}",
} if {
	not input.sysctl.applied == true
	count(sysctl.unsure) == 0
}
