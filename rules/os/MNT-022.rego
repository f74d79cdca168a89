# METADATA
# scope: package
# title: "Files of all components"
# description: |-
#   /var and /containers hold a folder for each component. Who has one of them
#   whole has the state and the keys of all others, and where it can
#   be written to puts links there that the host follows; reading is enough to take
#   keys along. /etc of the host holds its accounts. A mount that maps root to
#   another user gives that one the files of the host's root.
# custom:
#   id: MNT-022
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.6", "800-190 4.5.5"]
#   remediation: "Bind the one folder that the component needs."
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
	"expected": "the one folder that it needs",
	"key": lib.mount_key(p, seen),
	"message": sprintf("%s has %s of the host, with what other components keep there", [p.c.id, lib.named_paths(p, seen)]),
	"fix": sprintf("bind the one folder below %s that %s needs: the suggested edit takes the whole away. %s", [p.m.source, p.c.id, edit.loss_note(p.c, p.m.destination)]),
	"edits": edit.without_placed_mount(p),
}) if {
	some p in lib.placed
	seen := {path | some path in p.shows; others_files(path)}
	count(seen) > 0
}

others_files(path) if path in lib.common_folders

# The files of one component: a volume is meant to be shared.
others_files(path) if regex.match(`^/containers/(onboot|onshutdown|services)/`, path)

# What a container engine keeps of its containers is root's.
others_files(path) if {
	some dir in {"/var/lib/containerd", "/var/lib/crio", "/var/lib/containers"}
	lib.under(path, dir)
}

found contains lib.finding("MNT-022", p.c, {
	"path": p.path,
	"actual": sprintf("%s, writable, where %s has %s", [lib.named_paths(p, {path}), owner, below]),
	"expected": "a folder of its own",
	"key": sprintf("above:%s", [lib.mount_key(p, {path})]),
	"message": sprintf("%s can write to %s of the host, in which %s has %s", [p.c.id, lib.named_paths(p, {path}), owner, below]),
	"fix": sprintf("bind another folder than %s to %s: the suggested edit takes it away. %s", [p.m.source, p.c.id, edit.loss_note(p.c, p.m.destination)]),
	"edits": edit.without_placed_mount(p),
}) if {
	some p in lib.placed
	some path in p.writes
	not others_files(path)
	not path in {"/", "/var/log"}
	not path in meant_for_all
	[owner, below] := [kept | some kept in kept_below[path]; kept[0] != p.c.id][0]
}

# meant_for_all are folders that one component fills so that others read them:
# /etc/resolv.conf of the host is a link into this one.
meant_for_all := {"/run/resolvconf"}

# kept_below are the services that have a folder somewhere below one, and which.
kept_below[dir] contains [p.c.id, path] if {
	some p in lib.placed
	p.c.section == "services"
	some path in p.shows
	not lib.is_kernel_path(path)
	some dir in lib.folders(path)
	dir != path
}

# What is owned by root is protected by nothing else than that.
found contains lib.finding("MNT-022", p.c, {
	"path": p.path,
	"actual": sprintf("%s, whose files of root are given to another user", [lib.named_paths(p, p.shows)]),
	"expected": "files of root stay root's",
	"key": sprintf("ids:%s", [lib.mount_key(p, p.shows)]),
	"message": sprintf("%s has files of the host's root in %s as those of another user", [p.c.id, lib.named_paths(p, p.shows)]),
	"fix": sprintf("leave 0 out of the mapping of users and groups at %s of %s, and give the folder to the user who needs it: the suggested edit takes an option that maps away, and a mount that has mappings of its own as a whole. %s", [p.m.destination, p.c.id, edit.loss_note(p.c, p.m.destination)]),
	"edits": own_ids(p),
}) if {
	some p in lib.placed
	count(p.shows) > 0
	lib.remaps_root(p.m)
}

own_ids(p) := edit.remount_placed(p, {o | some o in lib.options(p.m); lib.id_option(o)}, []) if {
	count(lib.id_mappings(p.m)) == 0
} else := edit.without_placed_mount(p)

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
