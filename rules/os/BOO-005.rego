# METADATA
# scope: package
# title: "Boot loader lets anyone change what boots"
# description: |-
#   An editor, a prompt or a shell in the boot loader lets a person at the console change
#   the command line, for example to init=/bin/sh, or start another program. Another entry
#   can be an old kernel, or a rescue system without a password.
# custom:
#   id: BOO-005
#   severity: high
#   pack: hardened
#   controls: ["ANSSI R5?", "CRA I.I(2)(j)?"]
#   remediation: "Use a format that Seaworthy writes. Its loaders have one entry, and neither editor nor prompt."
#   inputs: ["boot"]
#   since: 0.1.0
package seaworthy.rules.BOO_005

import data.seaworthy.boot
import data.seaworthy.lib

# A file without a program that firmware starts has no boot loader.
judged := [f | some f in boot.files; count(lib.arr(f.starts)) > 0]

checked contains lib.image_resource if count(judged) > 0

not_applicable contains {"resource": lib.image_resource, "reason": reason} if {
	count(judged) == 0
	reason := idle
}

idle := boot.unbuilt if {
	not boot.known
} else := "no firmware starts a file of the image, so it has no boot loader"

unknown contains entry if some entry in boot.unread(judged)

unknown contains {"resource": lib.image_resource, "reason": sprintf("%s: %s", [boot.place(f.path, l.path), l.unread])} if {
	some f in judged
	some l in lib.arr(f.loaders)
	l.unread != ""
}

fail contains {
	"id": "BOO-005",
	"resource": lib.image_resource,
	"path": "",
	"actual": way.what,
	"expected": "one entry, and neither editor, prompt nor shell",
	"key": sprintf("%s:%s:%s", [f.path, l.path, way.key]),
	"message": sprintf("%s (%s): %s", [boot.place(f.path, l.path), l.kind, way.what]),
	"fix": "use a format that seaworthy build writes, or configure the loader: a single entry, no editor, no prompt",
} if {
	some f in judged
	some l in lib.arr(f.loaders)
	some way in ways(l)
}

ways(l) := array.concat(
	[{"key": "open", "what": what} | some what in lib.arr(l.open)],
	[{"key": "entries", "what": sprintf("it can start %d entries: %s", [count(l.entries), lib.one_line(l.entries)])} | count(lib.arr(l.entries)) > 1],
)
