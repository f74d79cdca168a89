# METADATA
# scope: package
# title: "File among the host's programs"
# description: |-
#   The files section is unpacked last. Who puts a file where PID 1, the OCI runtime
#   or their libraries lie, replaces what applies everything else that was decided.
# custom:
#   id: FIL-005
#   severity: high
#   pack: baseline
#   controls: ["SSDF PS.1.1?"]
#   remediation: "Put the program into an image of the init section, or the file below /etc or /usr/share."
#   inputs: ["files section"]
#   since: 0.1.0
package seaworthy.rules.FIL_005

import data.seaworthy.edit
import data.seaworthy.lib

checked contains resource(f) if some f in lib.arr(input.files)

resource(f) := sprintf("file:%s", [f.path])

program_folders := {
	"/init", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64", "/usr/libexec",
	"/usr/local/bin/crun", "/usr/local/bin/runc", "/etc/ld.so.preload", "/etc/ld.so.cache",
}

# Firmware is for devices.
among_programs(path) if {
	some dir in program_folders
	lib.under(path, dir)
	not lib.under(path, "/lib/firmware")
	not lib.under(path, "/usr/lib/firmware")
}

# A link or a file in the place of a folder that they lie in.
among_programs(path) if {
	some dir in program_folders
	lib.under(dir, path)
}

fail contains {
	"id": "FIL-005",
	"resource": resource(f),
	"path": "",
	"origin": f.origin,
	"actual": f.path,
	"expected": "a path outside the folders of the host's programs",
	"key": "program",
	"message": sprintf("%s may replace a program or library of the host", [f.path]),
	"fix": sprintf("choose another path for %s, or ship it in an image. The suggested edit takes it out of files: what reads it there finds what the images have, or nothing", [f.path]),
	"edits": edit.take(edit.file(f), ""),
} if {
	some f in lib.arr(input.files)
	f.type != "dir"
	among_programs(lib.clean(f.path))
}
