# METADATA
# scope: package
# title: "File that nobody will see"
# description: |-
#   /run, /tmp and /var are mounted over at boot.
# custom:
#   id: FIL-004
#   severity: low
#   pack: baseline
#   controls: ["SSDF PW.9.1?"]
#   remediation: "Put the file elsewhere, or make it in a one-shot component."
#   inputs: ["files section"]
#   since: 0.1.0
package seaworthy.rules.FIL_004

import data.seaworthy.lib

checked contains resource(f) if some f in lib.arr(input.files)

resource(f) := sprintf("file:%s", [f.path])

fail contains {
	"id": "FIL-004",
	"resource": resource(f),
	"path": "",
	"origin": f.origin,
	"actual": f.path,
	"expected": "a path outside /run, /tmp and /var",
	"key": "path",
	"message": sprintf("%s disappears at boot below the tmpfs on %s", [f.path, dir]),
	"fix": sprintf("choose another path for %s", [f.path]),
} if {
	some f in lib.arr(input.files)
	some dir in {"/run", "/tmp", "/var"}
	lib.under(lib.clean(f.path), dir)
	lib.clean(f.path) != dir
}
