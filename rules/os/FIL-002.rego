# METADATA
# scope: package
# title: "Secret in the files section"
# description: |-
#   os.yml puts a private key or credential into the image. An attacker who can read the
#   image has the secret.
# custom:
#   id: FIL-002
#   severity: critical
#   pack: baseline
#   controls: ["CIS-D 4.10?", "800-190 4.1.4"]
#   remediation: "Remove the file from os.yml, replace the secret, and provide the new one at run time."
#   inputs: ["files section"]
#   since: 0.1.0
package seaworthy.rules.FIL_002

import data.seaworthy.lib

checked contains resource(f) if some f in lib.arr(input.files)

resource(f) := sprintf("file:%s", [f.path])

fail contains {
	"id": "FIL-002",
	"resource": resource(f),
	"path": "",
	"origin": f.origin,
	"actual": f.secret,
	"expected": "no secret",
	"key": "secret",
	"message": sprintf("%s contains a %s", [f.path, f.secret]),
	"fix": sprintf("remove %s from `files`, and replace the secret: everyone with the image can read it", [f.path]),
} if {
	some f in lib.arr(input.files)
	f.secret != ""
}
