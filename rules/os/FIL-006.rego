# METADATA
# scope: package
# title: "Image contains a copy of os.yml"
# description: |-
#   `metadata` writes os.yml into the image. An attacker who can read the image learns the
#   whole configuration, with every value in it.
# custom:
#   id: FIL-006
#   severity: medium
#   pack: hardened
#   controls: ["800-190 4.1.4?"]
#   remediation: "Remove the metadata file from `files`."
#   inputs: ["files section"]
#   since: 0.1.0
package seaworthy.rules.FIL_006

import data.seaworthy.edit
import data.seaworthy.lib

checked contains resource(f) if some f in lib.arr(input.files)

resource(f) := sprintf("file:%s", [f.path])

fail contains {
	"id": "FIL-006",
	"resource": resource(f),
	"path": "",
	"origin": f.origin,
	"actual": sprintf("metadata: %s", [f.metadata]),
	"expected": "no metadata file",
	"key": "metadata",
	"message": sprintf("%s contains a copy of os.yml", [f.path]),
	"fix": sprintf("remove %s from `files`. A program that reads this file then finds none: give the program a file with only what it needs, or waive this finding", [f.path]),
	"edits": edit.remove_op(edit.file(f), ""),
} if {
	some f in lib.arr(input.files)
	f.metadata != ""
}
