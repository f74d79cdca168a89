# METADATA
# scope: package
# title: "containerd uses files or programs outside of its configuration"
# description: |-
#   Imported files can replace every setting that the other rules check. Proxy plugins are sockets
#   of other programs, which then provide the files of containers. Stream processors are programs
#   that containerd runs as root on the host, and plugin_dir has code that it loads.
# custom:
#   id: CTD-004
#   severity: high
#   pack: baseline
#   controls: []
#   remediation: "Write all settings into /etc/containerd/config.toml, and remove what is not needed."
#   inputs: ["image", "files section"]
#   since: 0.2.0
package seaworthy.rules.CTD_004

import data.seaworthy.lib

checked contains r if some r in lib.containerd_checked

unknown contains u if some u in lib.containerd_unknown

found contains lib.containerd_finding("CTD-004", p, {
	"actual": s.value,
	"expected": "nothing outside of the file",
	"key": key(s),
	"message": sprintf("containerd uses %s, because %s has %s", [s.value, p.where, s.key]),
	"fix": sprintf("remove %s from %s", [s.key, p.where]),
}) if {
	some p in lib.containerd_known
	some s in p.config.outside
}

# A waiver for one imported file does not cover another one.
key(s) := sprintf("%s (%s)", [s.key, s.value]) if {
	s.key == "imports"
} else := s.key
