# METADATA
# scope: package
# title: "Writable bind of system folders of the host"
# description: |-
#   An attacker who can write to the host's programs or settings can become root on the
#   host.
# custom:
#   id: MNT-005
#   severity: high
#   pack: baseline
#   controls: ["CIS-D 5.6", "PSS-B HostPath", "800-190 4.5.5", "NSA allowedHostPaths"]
#   remediation: "Make the bind read-only, or bind a folder below /var or /run."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_005

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-005", c, {
	"path": p.path,
	"actual": sprintf("%s, writable", [lib.named_paths(p, touched)]),
	"expected": "read-only",
	"key": p.key,
	"message": sprintf("%s can write to %s of the host", [c.id, lib.named_paths(p, touched)]),
	"fix": sprintf("mount %s read-only at %s of %s. If the component must write there, write an allowance or a waiver", [m.source, m.destination, c.id]),
	"edits": edit.read_only(p),
}) if {
	some p in lib.placed
	c := p.c
	m := p.m
	touched := {path | some path in p.writes; system(path)}
	count(touched) > 0
}

system(path) if {
	count(lib.system_folders & lib.folders(path)) > 0
	not regex.match(`^/containers/volumes/[^/]+/merged$`, path)
}

# Init and the OCI runtime keep the state of containers below /run.
system("/run")
