# METADATA
# scope: package
# title: "containerd's socket belongs to another user or group"
# description: |-
#   A user who can write to the socket can start containers without any isolation, and so become
#   root. init of Seaworthy gives containerd's own sockets to root, whatever the configuration says.
#   Other inits do not.
# custom:
#   id: CTD-003
#   severity: high
#   pack: baseline
#   controls: []
#   remediation: "Remove uid and gid from containerd's configuration."
#   inputs: ["image", "files section"]
#   since: 0.2.0
package seaworthy.rules.CTD_003

import data.seaworthy.lib

checked contains r if some r in lib.containerd_checked

unknown contains u if some u in lib.containerd_unknown

found contains lib.containerd_finding("CTD-003", p, {
	"actual": s.value,
	"expected": "0",
	"key": s.key,
	"message": sprintf("%s gives a socket of containerd to %s %s", [p.where, name[split(s.key, ".")[1]], s.value]),
	"fix": sprintf("remove %s from %s", [s.key, p.where]),
}) if {
	some p in lib.containerd_known
	some s in p.config.owners
}

name := {"uid": "user", "gid": "group"}
