# METADATA
# scope: package
# title: "Image with world-writable files"
# description: |-
#   Every user in the container can change a world-writable file, also an attacker who is
#   not root there. A world-writable folder must have the sticky bit.
# custom:
#   id: IMG-006
#   severity: medium
#   pack: baseline
#   controls: ["ANSSI R54", "SRG-OS-000138-GPOS-00069"]
#   remediation: "Remove write access for others in the image, or set the sticky bit of the folder."
#   inputs: ["files"]
#   since: 0.1.0
package seaworthy.rules.IMG_006

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.inventoried

unknown contains u if some u in lib.no_files

# The mode of a link has no effect. Device nodes such as /dev/null are world-writable on
# purpose.
harmless(f) if f.type in {"symlink", "char"}

harmless(f) if {
	f.type == "dir"
	regex.match(`^[1357][0-7]{3}$`, f.mode)
}

found contains lib.finding("IMG-006", c, {
	"path": "",
	"origin": lib.in_image(c),
	"actual": sprintf("%s (%s)", [f.path, f.mode]),
	"expected": "not writable by others, or a folder with the sticky bit",
	"key": f.path,
	"message": sprintf("every user in %s can write to %s (mode %s)", [c.id, f.path, f.mode]),
	"fix": sprintf("remove write access for others from %s in the image %s", [f.path, c.image.repository]),
}) if {
	some c in lib.inventoried
	some f in lib.arr(c.files.worldWritable)
	not f.shadowed
	not harmless(f)
}
