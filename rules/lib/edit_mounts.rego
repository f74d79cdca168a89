# Edits of mounts and devices. A mount is found by its destination, in any of the
# keys that can create it.
package seaworthy.edit

import data.seaworthy.lib

# text_keys are the keys whose texts create mounts, with the positions of the
# destination and of the options.
text_keys := {"binds": [1, 2], "binds.add": [1, 2], "tmpfs": [0, 1]}

# target is the destination in a text of one of the text_keys.
target(key, text) := split(text, ":")[text_keys[key][0]]

# in_yaml: os.yml itself, and not the label, creates the mount.
in_yaml(c, destination) if {
	some key, _ in text_keys
	some text in list_of(written(c), key)
	target(key, text) == destination
}

in_yaml(c, destination) if {
	some m in list_of(written(c), "mounts")
	mount_target(m) == destination
}

# mount_target is the destination of a mount; proc and sysfs have a default.
mount_target(m) := m.destination

mount_target(m) := {"proc": "/proc", "sysfs": "/sys", "cgroup": "/sys/fs/cgroup", "devpts": "/dev/pts", "mqueue": "/dev/mqueue"}[kind(m)] if not m.destination

kind(m) := m.type

kind(m) := m.source if not m.type

# without_mount removes the mount at a destination.
without_mount(c, destination) := array.concat(
	[e |
		some key in ["binds", "binds.add", "tmpfs"]
		some text in list_of(written(c), key)
		target(key, text) == destination
		some e in remove_value_op(c, sprintf("/%s", [key]), text)
	],
	[e |
		some m in list_of(written(c), "mounts")
		mount_target(m) == destination
		some e in remove_value_op(c, "/mounts", m)
	],
) if {
	in_yaml(c, destination)
} else := set_binds(c, "binds", [t | some t in label_binds(c); target("binds", t) != destination]) if {
	some t in label_binds(c)
	target("binds", t) == destination
} else := set_op(c, "/mounts", [m | some m in list_of(label(c), "mounts"); mount_target(m) != destination]) if {
	some m in list_of(label(c), "mounts")
	mount_target(m) == destination
} else := set_op(c, "/tmpfs", [t | some t in list_of(label(c), "tmpfs"); target("tmpfs", t) != destination])

# remount drops and adds options of the mount at a destination.
remount(c, destination, drop, extra) := array.concat(
	[e |
		some key in ["binds", "binds.add", "tmpfs"]
		some i, text in list_of(written(c), key)
		target(key, text) == destination
		some e in set_op(
			c, sprintf("/%s/%d", [key, i]), # with_options is a text with changed options.
			with_options(key, text, drop, extra),
		)
	],
	[e |
		some i, m in list_of(written(c), "mounts")
		mount_target(m) == destination
		some e in set_op(c, sprintf("/mounts/%d/options", [i]), changed_options(lib.options(m), drop, extra))
	],
) if {
	in_yaml(c, destination)
} else := set_binds(c, "binds", [bind_with_options("binds", t, destination, drop, extra) | some t in label_binds(c)]) if {
	some t in label_binds(c)
	target("binds", t) == destination
} # remounted is a mount with changed options, if it has the destination.

else := set_op(c, "/mounts", [
remounted(m, destination, drop, extra) | some m in list_of(label(c), "mounts")]) if {
	some m in list_of(label(c), "mounts")
	mount_target(m) == destination
} else := set_op(c, "/tmpfs", [bind_with_options("tmpfs", t, destination, drop, extra) | some t in list_of(label(c), "tmpfs")])

# label_binds are the binds of the label, if os.yml does not replace them.
label_binds(c) := array.concat(list_of(label(c), "binds"), list_of(label(c), "binds.add")) if {
	not has_key(written(c), "binds")
} else := []

# set_binds writes the binds of the label into os.yml, with those that os.yml adds.
set_binds(c, "binds", texts) := array.flatten([
	set_op(c, "/binds", array.concat(texts, list_of(written(c), "binds.add"))),
	[e | has_key(written(c), "binds.add"); some e in remove_op(c, "/binds.add")],
])

# bind_with_options is a text, with changed options if it mounts at the destination.
bind_with_options(key, text, destination, drop, extra) := with_options(key, text, drop, extra) if { # with_options is a text with changed options.
	target(key, text) == destination
} else := text

# remounted is a mount, with changed options if it is at the destination.
remounted(m, destination, drop, extra) := object.union(m, {"options": changed_options(lib.options(m), drop, extra)}) if {
	mount_target(m) == destination
} else := m

# with_options is a text with changed options.
with_options(key, text, drop, extra) := concat(":", array.concat(
	array.slice(split(text, ":"), 0, text_keys[key][1]),
	[concat(",", changed_options(text_options(key, text), drop, extra))],
))

# text_options are the options in a text.
text_options(key, text) := split(split(text, ":")[text_keys[key][1]], ",") if {
	count(split(text, ":")) > text_keys[key][1]
} else := []

# changed_options drops and adds options.
changed_options(options, drop, extra) := array.concat(kept, [o | some o in extra; not o in kept]) if {
	kept := [o | some o in options; not o in drop]
}

# without_placed_mount removes a mount of lib.placed, which the OCI runtime or init
# creates.
without_placed_mount(p) := without_mount(p.c, p.m.destination) if {
	startswith(p.path, "/")
} else := [e |
	some m in written_mounts(p)
	m.destination == p.m.destination
	some e in remove_value_op(p.c, "/runtime/mounts", m)
] if {
	written_mounts(p)
} else := set_op(p.c, "/runtime/mounts", [m | some m in label_mounts(p); m.destination != p.m.destination])

# remount_placed drops and adds options of a mount of lib.placed.
remount_placed(p, drop, extra) := remount(p.c, p.m.destination, drop, extra) if {
	startswith(p.path, "/")
} else := [e |
	some i, m in written_mounts(p)
	m.destination == p.m.destination
	some e in set_op(p.c, sprintf("/runtime/mounts/%d/options", [i]), changed_options(lib.options(m), drop, extra))
] if {
	written_mounts(p)
} else := set_op(p.c, "/runtime/mounts", [remounted(m, p.m.destination, drop, extra) | some m in label_mounts(p)])

# written_mounts are the mounts under runtime in os.yml.
written_mounts(p) := written(p.c).runtime.mounts

# label_mounts are the mounts under runtime in the label.
label_mounts(p) := lib.arr(object.get(label(p.c), ["runtime", "mounts"], []))

# without_bind_ns removes a path under runtime.bindNS. It writes an empty path if
# the label sets one.
without_bind_ns(c, key) := remove_op(c, sprintf("/runtime/bindNS/%s", [key])) if {
	written(c).runtime.bindNS[key]
} else := set_op(c, sprintf("/runtime/bindNS/%s", [key]), "")

# made_by_init lets init create a folder before the component starts.
made_by_init(c, path) := append_op(c, "/runtime/mkdir", path) if {
	written(c).runtime.mkdir
} else := set_op(c, "/runtime/mkdir", array.concat(lib.arr(object.get(label(c), ["runtime", "mkdir"], [])), [path]))

# read_only makes a mount of lib.placed read-only, including the mounts below its
# source if there are any.
read_only(p) := remount_placed(p, {"rw", "rrw"}, ["ro"]) if {
	lib.writable(p.m)
	count({below | some path in p.shows; some below in lib.below(path)}) == 0
} else := remount_placed(p, {"ro", "rw", "rrw"}, ["rro"])

# without_devices removes the devices with the given paths from a component.
without_devices(c, paths) := [e |
	some d in list_of(written(c), "devices")
	d.path in paths
	some e in remove_value_op(c, "/devices", d)
] if {
	has_key(written(c), "devices")
} else := set_op(c, "/devices", [d | some d in list_of(label(c), "devices"); not d.path in paths])

# devices_fix is the fix text for without_devices.
devices_fix(c, paths) := sprintf("remove %s from the devices of %s. %s", [lib.one_line(paths), c.id, loss_note(c, lib.one_line(paths))])

# all_devices_fix is the fix text for named_devices.
all_devices_fix(c) := sprintf("name the devices that %s needs instead of all. It is not known which these are: the suggested edit keeps only the devices of every container, such as null and urandom. %s", [c.id, loss_note(c, "other device")]) if {
	count(label_devices(c)) == 0
} else := sprintf("remove `devices` of %s from os.yml. The component then has only the devices in the label of its image: %s", [c.id, lib.one_line(label_devices(c))])

# label_devices are the devices of the label, if os.yml replaces them and the label
# does not request all.
label_devices(c) := {d.path | some d in list_of(label(c), "devices")} if {
	has_key(written(c), "devices")
	every d in list_of(label(c), "devices") {
		d.path != "all"
	}
} else := set()

# device_mode sets the mode of a device.
device_mode(c, path, mode) := [e |
	some i, d in list_of(written(c), "devices")
	d.path == path
	some e in set_op(c, sprintf("/devices/%d/mode", [i]), mode)
] if {
	has_key(written(c), "devices")
} else := set_op(c, "/devices", [with_mode(d, path, mode) | some d in list_of(label(c), "devices")])

# with_mode is a device, with another mode if it is the one at the path.
with_mode(d, path, mode) := object.union(d, {"mode": mode}) if {
	d.path == path
} else := d

# without_device_rules removes device rules under resources by index. It starts with
# the last one, so that the other indexes stay valid.
without_device_rules(c, openers) := [e |
	some i in array.reverse(openers)
	i < count(lib.arr(object.get(written(c), ["resources", "devices"], [])))
	some e in remove_op(c, sprintf("/resources/devices/%d", [i]))
] if {
	has_key(written(c), "resources")
} else := set_op(c, "/resources", object.union(label(c).resources, {"devices": rest})) if {
	theirs := lib.arr(object.get(label(c), ["resources", "devices"], []))
	rest := [r | some i, r in theirs; not i in openers]
	count(rest) < count(theirs)
} else := []

# named_devices removes the rules that open every device of a kind. The rules from
# the key devices follow those of resources.
named_devices(c, openers) := array.concat(without_device_rules(c, openers), without_all_devices(c, openers))

# without_all_devices removes the key devices, or the device "all" in it.
without_all_devices(c, openers) := dropped if {
	some i in openers
	i >= count(lib.arr(object.get(object.union(label(c), written(c)), ["resources", "devices"], [])))
	count(label_devices(c)) > 0
	dropped := remove_op(c, "/devices")
} else := without_devices(c, {"all"}) if {
	some i in openers
	i >= count(lib.arr(object.get(object.union(label(c), written(c)), ["resources", "devices"], [])))
} else := []

# managed are folders in which package managers keep their data. No service writes
# there.
managed := {"/var/cache/apt", "/var/cache/debconf", "/var/lib/apt", "/var/lib/dpkg", "/var/lib/pacman", "/var/lib/rpm"}

# locked are folders that a server makes its root while it talks to unknown clients. It
# does not start if others can write there.
locked := {"/run/sshd", "/run/vsftpd/empty", "/var/empty", "/var/run/sshd"}

# data_folders are the empty folders of the image in which a service can keep its
# data, and which no mount covers.
data_folders(c) := sort({path |
	some path in lib.arr(c.files.emptyFolders)
	not regex.match(`[:,\s]`, path) # the text of a tmpfs cannot have such a path
	not kept(path)
	not mounted(c, path)
})

kept(path) if {
	some dir in (managed | locked)
	lib.under(path, dir)
}

# mounted: a mount is at the path, above it (and not at /), or below it.
mounted(c, path) if {
	some m in lib.mounts(c)
	m.destination != "/"
	lib.under(path, lib.clean(m.destination))
}

mounted(c, path) if {
	some m in lib.mounts(c)
	lib.under(lib.clean(m.destination), path)
}

# data_tmpfs are the texts that mount a temporary file system at each data folder.
# Only the container sees it, so all its users can write there. The limit of the
# container's memory also limits the data.
data_tmpfs(c) := [sprintf("%s:rw,nosuid,nodev,noexec,size=64m,mode=1777", [path]) | some path in data_folders(c)]

# read_only_root makes the root filesystem of a component read-only, and keeps its
# data folders writable.
read_only_root(c) := array.concat(set_op(c, "/readonly", true), with_missing(c, "tmpfs", data_tmpfs(c))) if {
	count(data_folders(c)) > 0
} else := set_op(c, "/readonly", true)

# read_only_fix is the fix text for read_only_root.
read_only_fix(c) := sprintf("add `readonly: true` to %s, and a tmpfs for each folder that it writes to. The suggested edit has one for each empty folder of the image: %s. Data in a tmpfs is lost when the component ends, as it is in a writable root: bind a folder of a disk to keep it", [c.id, lib.one_line(data_folders(c))]) if {
	count(data_folders(c)) > 0
} else := sprintf("add `readonly: true` to %s, and a tmpfs or a bind for each folder that it writes to", [c.id])
