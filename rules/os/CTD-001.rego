# METADATA
# scope: package
# title: "containerd has a server besides its socket"
# description: |-
#   A client of containerd can start containers without any isolation, so it is root. Over the
#   network, containerd does not identify its clients. Another socket than its own lies outside of the
#   folder that init closes to all other users. The debug server shows containerd's memory, and
#   the metrics server shows what runs.
# custom:
#   id: CTD-001
#   severity: critical
#   pack: baseline
#   controls: []
#   remediation: "Remove the address from containerd's configuration."
#   inputs: ["image", "files section"]
#   since: 0.2.0
package seaworthy.rules.CTD_001

import data.seaworthy.lib

checked contains r if some r in lib.containerd_checked

unknown contains u if some u in lib.containerd_unknown

found contains lib.containerd_finding("CTD-001", p, {
	"actual": s.address,
	"expected": "no address",
	"key": s.kind,
	"severity": severity[s.kind],
	"message": sprintf("containerd %s %s, as %s says", [what[s.kind], s.address, p.where]),
	"fix": sprintf("remove %s from %s", [s.kind, p.where]),
}) if {
	some p in lib.containerd_known
	some s in p.config.servers
	not own_socket(s)
}

# The address that containerd uses without a setting.
own_socket(s) if {
	s.kind == "ttrpc.address"
	s.address == "/run/containerd/containerd.sock.ttrpc"
}

severity := {"grpc.tcp_address": "critical", "ttrpc.address": "high", "debug.address": "medium", "metrics.address": "medium"}

what := {
	"grpc.tcp_address": "obeys every client on the network address",
	"ttrpc.address": "has a second socket at",
	"debug.address": "shows its memory at",
	"metrics.address": "shows on the network what runs, at",
}
