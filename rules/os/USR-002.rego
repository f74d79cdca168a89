# METADATA
# scope: package
# title: "Service runs as root on a writable root filesystem"
# description: |-
#   The service is root in the host's user namespace and can write to its root
#   filesystem. An attacker who takes it over can change its programs.
# custom:
#   id: USR-002
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 4.1", "CIS-D 5.13", "CIS-D 5.31", "PSS-R Running as Non-root"]
#   remediation: "Set `readonly: true`, and run the service with its own uid."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.USR_002

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("USR-002", c, {
	"path": "/root/readonly",
	"actual": sprintf("%s, a writable root filesystem, and no user namespace without the host's root", [lib.root_identity(c)]),
	"expected": "at least one of: a uid above 0, a read-only root filesystem, a user namespace without the host's root",
	"key": "root-writable",
	"message": sprintf("%s runs as %s and can change its own programs", [c.id, lib.root_identity(c)]),
	"fix": edit.read_only_fix(c),
	"edits": edit.read_only_root(c),
}) if {
	some c in lib.services
	lib.root_identity(c)
	not lib.readonly_root(c)
	lib.host_root(c)
}
