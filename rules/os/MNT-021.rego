# METADATA
# scope: package
# title: "Init mounts over the system's own folders, or gives them another name"
# description: |-
#   What `runtime` of os.yml or of an image's label asks for, init does on the
#   host and as root, before the container is there. A mount over a program, over
#   the state of the OCI runtime or over another component's folder puts something
#   else in the place of what was decided about; one of them mounted elsewhere can
#   be bound from there, where nobody looks for it.
# custom:
#   id: MNT-021
#   severity: critical
#   pack: baseline
#   controls: ["CIS-D 5.6", "800-190 4.5.5"]
#   remediation: "Let init mount below /var or /run, or inside the container: a destination without a leading slash."
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
	"message": sprintf("init is to mount %s over %s of the host for %s", [p.m.source, p.m.destination, p.c.id]),
	"fix": sprintf("remove the mount at %s from runtime.mounts of %s. %s", [p.m.destination, p.c.id, edit.loss_note(p.c, sprintf("mount at %s", [p.m.destination]))]),
	"edits": edit.without_placed_mount(p),
}) if {
	some p in lib.on_host
	system(lib.host_path(p.m.destination))
}

found contains lib.finding("MNT-021", p.c, {
	"path": p.path,
	"actual": sprintf("%s at %s", [lib.named_paths(p, seen), p.m.destination]),
	"expected": "the folder under its own name alone",
	"key": sprintf("name:%s", [p.key]),
	"message": sprintf("init is to mount %s of the host at %s for %s: whoever binds that has it under another name", [lib.named_paths(p, seen), p.m.destination, p.c.id]),
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
	"message": sprintf("init is to bind a namespace of %s over %s of the host", [c.id, path]),
	"fix": sprintf("give bindNS of %s a path below /run/netns. The suggested edit leaves the namespace without a path: what joins it there would start no more", [c.id]),
	"edits": edit.without_bind_ns(c, key),
}) if {
	some c in lib.containers
	some key, path in lib.obj(object.get(lib.obj(c.runtime), "bindNS", {}))
	path != ""
	system(lib.host_path(path))
}

# guarded: other rules are about who sees it, wherever it is bound from.
guarded(path) if path in {"/", "/run"}

guarded(path) if lib.is_kernel_path(path)

guarded(path) if lib.leads_to_socket(path)

system(path) if {
	some dir in (lib.system_folders | {"/dev", "/proc", "/sys"})
	lib.under(path, dir)
}

# As a whole: everybody's files are in them.
system(path) if path in {"/", "/run", "/tmp", "/var"}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
