# METADATA
# scope: package
# title: "File from outside the project"
# description: |-
#   What is built depends on the machine that builds it, and takes its files along.
# custom:
#   id: FIL-003
#   severity: high
#   pack: baseline
#   controls: ["SSDF PS.1.1?"]
#   remediation: "Copy the file into the project."
#   inputs: ["files section"]
#   since: 0.1.0
package seaworthy.rules.FIL_003

import data.seaworthy.lib

checked contains resource(f) if some f in lib.arr(input.files)

resource(f) := sprintf("file:%s", [f.path])

outside(source) := "the builder's home" if {
	startswith(source, "~")
} else := "an absolute path" if {
	startswith(source, "/")
} else := "above the project" if {
	climbs(source)
}

# climbs: at some step there were more ".." than folders before it.
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
	"message": sprintf("%s is taken from %s, %s", [f.path, f.source, why]),
	"fix": sprintf("copy %s beside os.yml, and name that copy as the source of %s", [f.source, f.path]),
} if {
	some f in lib.arr(input.files)
	why := outside(f.source)
}
