# METADATA
# scope: package
# title: "World-writable files"
# description: |-
#   Every user in the container may change them; folders need the sticky bit.
# custom:
#   id: IMG-006
#   severity: medium
#   pack: baseline
#   controls: ["ANSSI R54", "SRG-OS-000138-GPOS-00069"]
#   remediation: "Change the mode in the image."
#   inputs: ["files"]
#   since: 0.1.0
package seaworthy.rules.IMG_006

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.inventoried

unknown contains u if some u in lib.no_files

# The mode of a link means nothing, and those of /dev/null and its like are meant.
harmless(f) if f.type in {"symlink", "char"}

harmless(f) if {
	f.type == "dir"
	regex.match(`^[1357][0-7]{3}$`, f.mode)
}

found contains lib.finding("IMG-006", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("%s (%s)", [f.path, f.mode]),
	"expected": "not writable by others, or a folder with the sticky bit",
	"key": f.path,
	"message": sprintf("every user in %s may write to %s (mode %s)", [c.id, f.path, f.mode]),
	"fix": sprintf("change the mode of %s in the image %s", [f.path, c.image.repository]),
}) if {
	some c in lib.inventoried
	some f in lib.arr(c.files.worldWritable)
	not f.shadowed
	not harmless(f)
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
