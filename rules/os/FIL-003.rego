# METADATA
# scope: package
# title: "File from outside the project"
# description: |-
#   The image contains a file of the machine that builds it. An attacker who can change
#   this file changes the image, and a private file can get into the image unnoticed.
# custom:
#   id: FIL-003
#   severity: high
#   pack: baseline
#   controls: ["SSDF PS.1.1?"]
#   remediation: "Copy the file into the project, and use the copy as source."
#   inputs: ["files section"]
#   since: 0.1.0
package seaworthy.rules.FIL_003

import data.seaworthy.lib

checked contains resource(f) if some f in lib.arr(input.files)

resource(f) := sprintf("file:%s", [f.path])

outside(source) := "in the home folder of the user who builds" if {
	startswith(source, "~")
} else := "an absolute path" if {
	startswith(source, "/")
} else := "outside the project folder" if {
	climbs(source)
}

# climbs: at some step the path has more ".." than folders.
climbs(source) if {
	steps := [s | some s in split(source, "/"); not s in {"", "."}]
	some i in numbers.range(0, count(steps) - 1)
	up := count([s | some j, s in steps; j <= i; s == ".."])
	up > (i + 1) - up
}

fail contains {
	"id": "FIL-003",
	"resource": resource(f),
	"path": "",
	"origin": f.origin,
	"actual": f.source,
	"expected": "a path inside the project",
	"key": "source",
	"message": sprintf("%s comes from %s, which is %s", [f.path, f.source, why]),
	"fix": sprintf("copy %s next to os.yml, and set the copy as the source of %s", [f.source, f.path]),
} if {
	some f in lib.arr(input.files)
	why := outside(f.source)
}
