# METADATA
# scope: package
# title: "Service is as powerful as a privileged container"
# description: |-
#   The service has the host's processes, CAP_SYS_ADMIN and a writable folder of the
#   host. With all three, an attacker in the service can become root on the host.
# custom:
#   id: NSP-008
#   severity: critical
#   pack: baseline
#   controls: ["CIS-D 5.16", "CIS-D 5.5?", "PSS-B Privileged?"]
#   remediation: "Remove `pid: host`, CAP_SYS_ADMIN or the writable bind."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.NSP_008

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("NSP-008", c, {
	"path": "/process/capabilities",
	"actual": sprintf("pid: host, CAP_SYS_ADMIN, writable %s", [lib.one_line(paths)]),
	"expected": "at most two of the three",
	"key": "privileged",
	"message": sprintf("%s has the host's processes, CAP_SYS_ADMIN and write access to %s: it can become root on the host", [c.id, lib.one_line(paths)]),
	"fix": edit.caps_fix(c, {"CAP_SYS_ADMIN"}),
	"edits": edit.without_caps(c, {"CAP_SYS_ADMIN"}),
}) if {
	some c in lib.services
	lib.host_ns(c, "pid")
	"CAP_SYS_ADMIN" in lib.host_caps(c)
	paths := {path | some p in lib.placed_in[c.id]; some path in p.writes}
	count(paths) > 0
}
