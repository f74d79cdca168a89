# METADATA
# scope: package
# title: "Service runs as root with capabilities"
# description: |-
#   An attacker who takes over the service is root: uid 0 can use every capability of
#   the service, and owns root's files on the host that it can reach. A user with a
#   different uid can become root with CAP_SETUID, or read and write root's files with
#   CAP_DAC_OVERRIDE.
# custom:
#   id: USR-001
#   severity: medium
#   pack: hardened
#   controls: ["CIS-D 4.1", "PSS-R Running as Non-root", "800-190 4.1.2", "NSA Non-root"]
#   remediation: "Run the service with its own uid."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.USR_001

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("USR-001", c, {
	"path": "/process/user/uid",
	"actual": lib.root_identity(c),
	"expected": "a uid above 0, without CAP_SETUID and CAP_DAC_OVERRIDE",
	"key": "uid",
	"message": sprintf("%s runs as %s and has %s", [c.id, lib.root_identity(c), lib.one_line(lib.caps(c))]),
	"fix": edit.not_root_fix(c),
	"edits": edit.not_root(c),
}) if {
	some c in lib.services
	lib.root_identity(c)
	count(lib.caps(c)) > 0
	not lib.unshared_root(c)
}
