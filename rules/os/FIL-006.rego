# METADATA
# scope: package
# title: "The configuration is in the image"
# description: |-
#   `metadata` writes os.yml into the image, with everything that stands in it.
# custom:
#   id: FIL-006
#   severity: medium
#   pack: hardened
#   controls: ["800-190 4.1.4?"]
#   remediation: "Remove the metadata file."
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
	"message": sprintf("%s holds the whole configuration", [f.path]),
	"fix": sprintf("remove %s from files. What reads it finds it no more: give that a file with what it needs to know, or waive this finding", [f.path]),
	"edits": edit.remove_op(edit.file(f), ""),
} if {
	some f in lib.arr(input.files)
	f.metadata != ""
}
