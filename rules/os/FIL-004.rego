# METADATA
# scope: package
# title: "File hidden by a mount at boot"
# description: |-
#   At boot init mounts a tmpfs on /run, /tmp and /var. The file does not exist in the
#   running system, so a setting in it has no effect.
# custom:
#   id: FIL-004
#   severity: low
#   pack: baseline
#   controls: ["SSDF PW.9.1?"]
#   remediation: "Use a path outside /run, /tmp and /var, or create the file in a one-shot component."
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
	"message": sprintf("%s is hidden at boot by the tmpfs on %s", [f.path, dir]),
	"fix": sprintf("set a path outside /run, /tmp and /var for %s", [f.path]),
} if {
	some f in lib.arr(input.files)
	some dir in {"/run", "/tmp", "/var"}
	lib.under(lib.clean(f.path), dir)
	lib.clean(f.path) != dir
}
