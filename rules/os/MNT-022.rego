# METADATA
# scope: package
# title: "Component can reach files of other components"
# description: |-
#   /var and /containers hold a folder for each component. An attacker who can read all
#   of /var or /containers gets the state and the keys of all other components. If the
#   folder is writable, the attacker can create links there that the host follows. /etc
#   of the host holds its accounts. A mount that maps root to another user gives this user the
#   files of the host's root.
# custom:
#   id: MNT-022
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.6", "800-190 4.5.5"]
#   remediation: "Bind only the folder that the component needs."
#   inputs: ["spec"]
#   since: 0.2.0
package seaworthy.rules.MNT_022

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("MNT-022", p.c, {
	"path": p.path,
	"actual": lib.named_paths(p, seen),
	"expected": "only the folder that it needs",
	"key": lib.mount_key(p, seen),
	"message": sprintf("%s sees %s of the host, with the files of other components", [p.c.id, lib.named_paths(p, seen)]),
	"fix": sprintf("bind only the folder below %s that %s needs. The suggested edit removes the whole mount. %s", [p.m.source, p.c.id, edit.loss_note(p.c, sprintf("mount at %s", [p.m.destination]))]),
	"edits": edit.without_placed_mount(p),
}) if {
	some p in lib.placed
	seen := {path | some path in p.shows; others_files(path)}
	count(seen) > 0
}

others_files(path) if path in lib.common_folders

# The files of one component. Volumes are not included: they are made for sharing.
others_files(path) if regex.match(`^/containers/(onboot|onshutdown|services)/`, path)

# Only root may see the files that a container engine keeps for its containers.
others_files(path) if {
	some dir in {"/var/lib/containerd", "/var/lib/crio", "/var/lib/containers"}
	lib.under(path, dir)
}

found contains lib.finding("MNT-022", p.c, {
	"path": p.path,
	"actual": sprintf("%s, writable, and %s uses %s", [lib.named_paths(p, {path}), owner, below]),
	"expected": "its own folder",
	"key": sprintf("above:%s", [lib.mount_key(p, {path})]),
	"message": sprintf("%s can write to %s of the host, and %s uses %s below it", [p.c.id, lib.named_paths(p, {path}), owner, below]),
	"fix": sprintf("replace %s with a different folder in the mount of %s. The suggested edit removes the mount. %s", [p.m.source, p.c.id, edit.loss_note(p.c, sprintf("mount at %s", [p.m.destination]))]),
	"edits": edit.without_placed_mount(p),
}) if {
	some p in lib.placed
	some path in p.writes
	not others_files(path)
	not path in {"/", "/var/log"}
	not path in meant_for_all
	[owner, below] := [kept | some kept in kept_below[path]; kept[0] != p.c.id][0]
}

# meant_for_all are folders that one component writes for all others to read:
# /etc/resolv.conf of the host is a link into /run/resolvconf.
meant_for_all := {"/run/resolvconf"}

# kept_below maps a folder to the services that use a path below it, and the paths.
kept_below[dir] contains [p.c.id, path] if {
	some p in lib.placed
	p.c.section == "services"
	some path in p.shows
	not lib.is_kernel_path(path)
	some dir in lib.folders(path)
	dir != path
}

# Ownership is the only protection of files that belong to root.
found contains lib.finding("MNT-022", p.c, {
	"path": p.path,
	"actual": sprintf("%s, with root's files mapped to another user", [lib.named_paths(p, p.shows)]),
	"expected": "root's files belong to root",
	"key": sprintf("ids:%s", [lib.mount_key(p, p.shows)]),
	"message": sprintf("%s mounts %s with files of the host's root mapped to another user", [p.c.id, lib.named_paths(p, p.shows)]),
	"fix": sprintf("remove 0 from the user and group mappings at %s of %s. Change the owner of the folder to the user who needs it. The suggested edit removes the mapping option, or the whole mount if it has uidMappings or gidMappings. %s", [p.m.destination, p.c.id, edit.loss_note(p.c, sprintf("mount at %s", [p.m.destination]))]),
	"edits": own_ids(p),
}) if {
	some p in lib.placed
	count(p.shows) > 0
	lib.remaps_root(p.m)
}

own_ids(p) := edit.remount_placed(p, {o | some o in lib.options(p.m); lib.id_option(o)}, []) if {
	count(lib.id_mappings(p.m)) == 0
} else := edit.without_placed_mount(p)
