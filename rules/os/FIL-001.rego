# METADATA
# scope: package
# title: "File with a dangerous mode"
# description: |-
#   An attacker with any user account can change a world-writable file, also one that root
#   uses. A setuid or setgid program gives the attacker the rights of its owner or group.
# custom:
#   id: FIL-001
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R56", "ANSSI R54?"]
#   remediation: "Set a mode without setuid and setgid, and without write access for others."
#   inputs: ["files section"]
#   since: 0.1.0
package seaworthy.rules.FIL_001

import data.seaworthy.edit
import data.seaworthy.lib

checked contains resource(f) if some f in lib.arr(input.files)

resource(f) := sprintf("file:%s", [f.path])

danger(f) := "setuid or setgid" if {
	f.type == "file"
	regex.match(`^0?[2-7][0-7]{3}$`, f.mode)
} else := "writable by all users" if {
	f.type in {"file", "dir"}
	regex.match(`[2367]$`, f.mode)
	not sticky_dir(f)
}

sticky_dir(f) if {
	f.type == "dir"
	regex.match(`^0?[1357][0-7]{3}$`, f.mode)
}

fail contains {
	"id": "FIL-001",
	"resource": resource(f),
	"path": "",
	"origin": f.origin,
	"actual": f.mode,
	"expected": "not writable by others, not setuid, not setgid",
	"key": "mode",
	"message": sprintf("%s is %s (mode %s)", [f.path, why, f.mode]),
	"fix": sprintf("set `mode: \"%s\"` for %s", [edit.safe_mode(f.mode), f.path]),
	"edits": edit.set_op(edit.file(f), "/mode", edit.safe_mode(f.mode)),
} if {
	some f in lib.arr(input.files)
	why := danger(f)
}
