# METADATA
# scope: package
# title: "Root filesystem with shared propagation"
# description: |-
#   Everything that an attacker mounts in the container also appears on the host.
# custom:
#   id: MNT-015
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 5.20"]
#   remediation: "Remove `rootfsPropagation`."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_015

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-015", c, {
	"path": "/linux/rootfsPropagation",
	"actual": mode,
	"expected": "private or slave",
	"key": "rootfsPropagation",
	"message": sprintf("mounts that %s makes also appear on the host", [c.id]),
	"fix": sprintf("remove `rootfsPropagation` from %s. The host then does not see its mounts. If the host must see them, write an allowance or a waiver", [c.id]),
	"edits": edit.unset(c, "rootfsPropagation", "private"),
}) if {
	some c in lib.containers
	mode := object.get(c.spec, ["linux", "rootfsPropagation"], "")
	mode in {"shared", "rshared"}
}
