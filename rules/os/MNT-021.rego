# METADATA
# scope: package
# title: "Init mounts over system folders of the host, or mounts them at a second path"
# description: |-
#   Init executes the `runtime` section of os.yml or of an image's label on the host, as
#   root, before the container exists. With a mount, an attacker can replace a program,
#   the state of the OCI runtime, or the folder of another component. The policy has
#   then checked other files than those that run. A component can bind a system folder
#   from a second path, where a reviewer does not expect it.
# custom:
#   id: MNT-021
#   severity: critical
#   pack: baseline
#   controls: ["CIS-D 5.6", "800-190 4.5.5"]
#   remediation: "Let init mount below /var or /run, or inside the container. A destination inside the container has no leading slash."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.MNT_021

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-021", p.c, {
	"path": p.path,
	"actual": p.m.destination,
	"expected": "a place below /var or /run, or inside the container",
	"key": p.key,
	"message": sprintf("init mounts %s over %s of the host for %s", [p.m.source, p.m.destination, p.c.id]),
	"fix": sprintf("remove the mount at %s from runtime.mounts of %s. %s", [p.m.destination, p.c.id, edit.loss_note(p.c, sprintf("mount at %s", [p.m.destination]))]),
	"edits": edit.without_placed_mount(p),
}) if {
	some p in lib.on_host
	system(lib.host_path(p.m.destination))
}

found contains lib.finding("MNT-021", p.c, {
	"path": p.path,
	"actual": sprintf("%s at %s", [lib.named_paths(p, seen), p.m.destination]),
	"expected": "the folder at its own path only",
	"key": sprintf("name:%s", [p.key]),
	"message": sprintf("init mounts %s of the host at %s for %s: a component that binds the second path gets this folder", [lib.named_paths(p, seen), p.m.destination, p.c.id]),
	"fix": sprintf("remove the mount at %s from runtime.mounts of %s. %s", [p.m.destination, p.c.id, edit.loss_note(p.c, sprintf("mount at %s", [p.m.destination]))]),
	"edits": edit.without_placed_mount(p),
}) if {
	some p in lib.on_host
	seen := {path | some path in p.shows; guarded(path)} | {path | some path in p.writes; system(path)}
	count(seen) > 0
}

found contains lib.finding("MNT-021", c, {
	"path": sprintf("runtime:/bindNS/%s", [key]),
	"actual": path,
	"expected": "a place below /run",
	"key": sprintf("bindNS:%s", [key]),
	"message": sprintf("init binds a namespace of %s over %s of the host", [c.id, path]),
	"fix": sprintf("change the path in bindNS of %s to one below /run/netns. The suggested edit removes the path: components that join the namespace by this path then do not start", [c.id]),
	"edits": edit.without_bind_ns(c, key),
}) if {
	some c in lib.containers
	some key, path in lib.obj(object.get(lib.obj(c.runtime), "bindNS", {}))
	path != ""
	system(lib.host_path(path))
}

# guarded: other rules check who may see these paths. Their findings must not be
# avoided with a second path.
guarded(path) if path in {"/", "/run"}

guarded(path) if lib.is_kernel_path(path)

guarded(path) if lib.leads_to_socket(path)

system(path) if {
	some dir in (lib.system_folders | {"/dev", "/proc", "/sys"})
	lib.under(path, dir)
}

# These folders as a whole, because they hold files of all components.
system(path) if path in {"/", "/run", "/tmp", "/var"}
