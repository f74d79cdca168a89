# METADATA
# scope: package
# title: "Writable root filesystem"
# description: |-
#   An attacker who takes over the service can replace its programs, and so keeps
#   control when the service starts again.
# custom:
#   id: MNT-001
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.13", "CRA I.I(2)(f)", "800-190 4.4.4", "NSA Immutable FS"]
#   remediation: "Add `readonly: true`, and a tmpfs for each folder that the service writes to."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_001

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("MNT-001", c, {
	"path": "/root/readonly",
	"actual": false,
	"expected": true,
	"key": "readonly",
	"message": sprintf("%s can write to its own root filesystem", [c.id]),
	"fix": edit.read_only_fix(c),
	"edits": edit.read_only_root(c),
}) if {
	some c in lib.services
	not lib.readonly_root(c)
}
