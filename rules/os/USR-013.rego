# METADATA
# scope: package
# title: "authorized_keys in an image"
# description: |-
#   An attacker who has one of the keys can log in to every system that is made from the
#   image.
# custom:
#   id: USR-013
#   severity: medium
#   pack: hardened
#   controls: ["800-190 4.1.4?", "CRA I.I(2)(d)?"]
#   remediation: "Provide the keys at run time."
#   inputs: ["files", "files section"]
#   since: 0.1.0
package seaworthy.rules.USR_013

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.inventoried

checked contains resource(f) if some f in written

resource(f) := sprintf("file:%s", [f.path])

# written are the files of os.yml with this name.
written := [f |
	some f in lib.arr(input.files)
	f.type != "dir"
	not is_empty(f)
	regex.match(`/authorized_keys2?$`, f.path)
]

# is_empty: the file has no key. It is a place for another one.
is_empty(f) if {
	f.type == "file"
	f.size == 0
	f.metadata == ""
}

unknown contains u if some u in lib.no_files

found contains lib.finding("USR-013", c, {
	"path": "",
	"origin": lib.in_image(c),
	"actual": name,
	"expected": "none",
	"key": name,
	"message": sprintf("%s of %s lets everyone with one of its keys log in", [name, c.id]),
	"fix": sprintf("use an image %s without %s, and load the keys at boot from the metadata of the machine or from a disk. To keep the file, add a waiver", [c.image.repository, name]),
}) if {
	some c in lib.inventoried
	some name in lib.arr(c.files.authorizedKeys)
}

found contains {
	"id": "USR-013",
	"resource": resource(f),
	"path": "",
	"origin": f.origin,
	"actual": f.path,
	"expected": "none",
	"key": f.path,
	"message": sprintf("%s lets everyone with one of its keys log in", [f.path]),
	"fix": sprintf("remove %s from the files section, and load the keys at boot from the metadata of the machine or from a disk. Until then these keys cannot log in. To keep the file, add a waiver", [f.path]),
	"edits": edit.remove_op(edit.file(f), ""),
} if {
	some f in written
}
