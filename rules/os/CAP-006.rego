# METADATA
# scope: package
# title: "CAP_SYS_PTRACE in the host's pid namespace"
# description: |-
#   With CAP_SYS_PTRACE in the host's pid namespace, an attacker can read and change the
#   memory of every process.
# custom:
#   id: CAP-006
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.4", "CIS-D 5.16", "PSS-B Capabilities", "PSS-B Host Namespaces"]
#   remediation: "Remove CAP_SYS_PTRACE, or remove `pid: host`."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.CAP_006

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("CAP-006", c, {
	"path": "/process/capabilities",
	"actual": "CAP_SYS_PTRACE, pid: host",
	"expected": "at most one of the two",
	"key": "CAP_SYS_PTRACE",
	"message": sprintf("%s can see and trace every process of the host", [c.id]),
	"fix": sprintf("%s. Or keep CAP_SYS_PTRACE, and remove `pid: host` from %s", [edit.caps_fix(c, {"CAP_SYS_PTRACE"}), c.id]),
	"edits": edit.without_caps(c, {"CAP_SYS_PTRACE"}),
}) if {
	some c in lib.containers
	"CAP_SYS_PTRACE" in lib.host_caps(c)
	lib.host_ns(c, "pid")
}
