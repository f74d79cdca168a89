# What mounts show of the host. The OCI runtime creates the mounts of a container's
# spec; before that, init creates those of runtime.mounts in its root.
package seaworthy.lib

import data.seaworthy.given

# mounts are the mounts in the effective spec.
mounts(c) := arr(object.get(c.spec, "mounts", []))

# runtime_mounts are the mounts under runtime in os.yml or the label, by index,
# without options that init does not know. Mounts of the builder, which create the
# root of the container, do not count.
runtime_mounts(c) := {i: object.union(m, {"options": plain}) |
	some i, m in arr(object.get(obj(c.runtime), "mounts", []))
	plain := [o | some o in options(m); not o in recursive_options]
	origin_layer(c, sprintf("runtime:/mounts/%d", [i])) != "default"
}

# options are the options of a mount.
options(m) := arr(object.get(m, "options", []))

# data_options are the options that a file system reads: it splits them at commas.
data_options(m) := [word | some o in options(m); some word in split(o, ",")]

# is_bind: the mount is a bind mount.
is_bind(m) if object.get(m, "type", "") == "bind"

is_bind(m) if "bind" in options(m)

is_bind(m) if "rbind" in options(m)

# placed are all mounts of all containers. Each has the component (c), the mount (m),
# its JSON pointer (path), its key in findings, its destination in the container,
# the paths of the host that it shows, and those that it makes writable.
placed := [p | some c in containers; some p in placed_in[c.id]]

# placed_in are the mounts of each container.
placed_in[c.id] := array.concat(by_init, by_runtime) if {
	some c in containers
	by_init := [renamed(p) | some p in made_by_init(c); not p.on_host]
	by_runtime := [renamed(object.union(what(m, kernel_folders), {"c": c, "m": m, "path": sprintf("/mounts/%d", [i]), "key": sprintf("%s", [m.destination])})) |
		some i, m in mounts(c)
	]
}

# on_host are the mounts that init creates outside containers.
on_host := [p | some c in containers; some p in made_by_init(c); p.on_host]

# renamed adds the other names of the source of a mount. Init's mounts on the host
# can show the same folder or disk at another path. Init creates them in order
# before it starts the component, and each can show the one before.
renamed(p) := p if {
	count(on_host) == 0
} else := object.union(p, {"shows": shown, "writes": written}) if {
	once := p.shows | names_of(p.shows, p.m)
	shown := (once | names_of(once, p.m)) | same_disk(p.m)
	first := p.writes | written_names(p.writes, p, once)
	written := (first | written_names(first, p, shown)) | {path | writable(p.m); some path in same_disk(p.m)}
}

# names_of are the other names of paths.
names_of(paths, m) := {name | some path in paths; some h in on_host; some name in through(h, h.shows, path)} | {name |
	recurses(m)
	some path in paths
	some h in on_host
	within(h, path)
	some name in h.shows
}

# written_names are the other names of paths, if the paths are writable under them.
written_names(paths, p, shown) := {name | some path in paths; some h in on_host; some name in through(h, h.writes, path)} | {name |
	recurses(p.m)
	not recursive(p.m, "ro")
	some path in shown
	some h in on_host
	within(h, path)
	some name in h.writes
}

# through are the other names of a path inside a mount of init.
through(h, names, path) := {clean(sprintf("%s/%s", [name, trim_prefix(path, at)])) |
	at := host_path(h.m.destination)
	under(path, at)
	some name in names
}

# within: a mount of init is below the path. The root includes all of them.
within(h, path) if {
	path != "/"
	at := host_path(h.m.destination)
	under(at, path)
	at != path
}

# recurses: the bind includes the mounts below its source.
recurses(m) if "rbind" in options(m)

# same_disk are the places where init mounts the same disk.
same_disk(m) := {host_path(h.m.destination) |
	not is_bind(m)
	contains(m.source, "/")
	some h in on_host
	not is_bind(h.m)
	h.m.source == m.source
}

# made_by_init are the mounts that init creates for a component.
made_by_init(c) := [object.union(what(m, object.union(kernel_folders, folders_of_init)), {"c": c, "m": m, "path": sprintf("runtime:/mounts/%d", [i]), "key": key, "on_host": startswith(m.destination, "/")}) |
	all := runtime_mounts(c)
	some i, m in all
	before := count([j | some j, other in all; j < i; other.destination == m.destination])
	key := concat("", [m.destination, [sprintf(" (%d)", [before + 1]), ""][to_number(before == 0)]])
]

# what are the destination and the host paths of a mount.
what(m, folders) := {
	"destination": clean(str(object.get(m, "destination", ""))),
	"shows": shows(m, folders),
	"writes": writes(m, folders),
}

# shows are the paths of the host that a mount shows, with links resolved. Paths
# below /proc count as written, too.
shows(m, folders) := {host_path(m.source)} | {clean(m.source) | under(clean(m.source), "/proc")} if {
	is_bind(m)
} else := {host_path(dir) | some dir in overlaid(m, {"lowerdir", "lowerdir+", "datadir", "datadir+", "upperdir", "workdir"})} if {
	m.type == "overlay"
} else := {folders[m.type]} if {
	folders[m.type]
} else := set()

# overlaid are folders of the layers of an overlay. The kernel removes backslashes
# (ovl_unescape).
overlaid(m, keys) := {dir |
	some o in data_options(m)
	some key in keys
	startswith(o, sprintf("%s=", [key]))
	some written in split(substring(o, count(key) + 1, -1), ":")
	dir := replace(written, "\\", "")
	dir != ""
}

# kernel_folders are the file systems that exist only once in a kernel, with their
# usual paths. Every mount of them shows that of the host.
kernel_folders := {
	"binder": "/dev/binderfs", "binfmt_misc": "/proc/sys/fs/binfmt_misc", "bpf": "/sys/fs/bpf", "configfs": "/sys/kernel/config",
	"debugfs": "/sys/kernel/debug", "devtmpfs": "/dev", "efivarfs": "/sys/firmware/efi/efivars", "functionfs": "/dev/usb-ffs",
	"fusectl": "/sys/fs/fuse/connections", "gadgetfs": "/dev/gadget", "ibmasmfs": "/dev/ibmasm", "nfsd": "/proc/fs/nfsd",
	"ocfs2_dlmfs": "/sys/kernel/dlm", "openpromfs": "/proc/openprom", "pstore": "/sys/fs/pstore", "resctrl": "/sys/fs/resctrl",
	"s390_hypfs": "/sys/hypervisor/s390", "securityfs": "/sys/kernel/security", "selinuxfs": "/sys/fs/selinux",
	"smackfs": "/sys/fs/smackfs", "spufs": "/sys/spu", "tracefs": "/sys/kernel/tracing", "xenfs": "/proc/xen",
}

# folders_of_init are the file systems whose contents depend on the namespace of the process that mounts them, with their usual paths.
# The runtime mounts those of the container, but init mounts those of the host.
folders_of_init := {"mqueue": "/dev/mqueue", "proc": "/proc", "sysfs": "/sys"}

# writes are the paths of the host that a mount makes writable. A read-only bind does
# not change the mounts below its source.
writes(m, folders) := {host_path(dir) | writable(m); some dir in overlaid(m, {"upperdir", "workdir"})} if {
	m.type == "overlay"
} else := shows(m, folders) if {
	writable(m)
} else := set() if {
	recursive(m, "ro")
} else := {path | some shown in shows(m, folders); some path in below(shown)} if {
	"rbind" in options(m)
} else := set()

# below are the mounts that init creates below a path.
below(shown) := {path | some path in host_mounts; under(path, shown); path != shown}

# host_mounts are the writable mounts that init creates (builder/guest).
host_mounts := {"/dev", "/dev/mqueue", "/dev/pts", "/dev/shm", "/proc", "/run", "/sys", "/sys/fs/bpf", "/sys/fs/cgroup", "/sys/fs/pstore", "/sys/kernel/security", "/tmp", "/var"}

# writable: the mount itself is writable.
writable(m) if not has_flag(m, "ro")

# has_flag: the flag is in effect. The last one of an option and its opposite counts.
# Recursive options apply after them.
has_flag(m, flag) if recursive(m, flag) == sprintf("r%s", [flag])

has_flag(m, flag) if {
	flag in options(m)
	not recursive(m, flag)
	said := [o | some o in options(m); o in {flag, opposite[flag]}]
	said[count(said) - 1] == flag
}

# recursive is the last recursive form of a flag, such as rro or rrw.
recursive(m, flag) := said[count(said) - 1] if {
	said := [o | some o in options(m); o in recursive_forms[flag]]
}

recursive_forms := {flag: {sprintf("r%s", [flag]), sprintf("r%s", [against])} | some flag, against in opposite}

recursive_options := {sprintf("r%s", [o]) | some flag, against in opposite; some o in [flag, against]}

opposite := {"ro": "rw", "nosuid": "suid", "nodev": "dev", "noexec": "exec"}

# remaps_root: in this mount, files of root belong to another user or group. A
# mapping has the number in the file system, the number on the host (after an @: in
# the container) and a count. Without a mapping, the mount uses that of the user
# namespace of the container.
remaps_root(m) if {
	some o in options(m)
	id_option(o)
	not regex.match(`^r?idmap=[ug]ids=(0-0-|@?[1-9][0-9]*-[0-9]+-)[0-9]+([#;]([ug]ids=)?(0-0-|@?[1-9][0-9]*-[0-9]+-)[0-9]+)*$`, o)
}

remaps_root(m) if {
	some to in id_mappings(m)
	object.get(to, "containerID", 0) == 0
	object.get(to, "hostID", 0) != 0
}

# id_option: the option is an idmap.
id_option(o) if regex.match("^r?idmap(=|$)", o)

# id_mappings are the mappings of users and groups of a mount.
id_mappings(m) := [to | some key in ["uidMappings", "gidMappings"]; some to in arr(object.get(m, key, []))]

# missing_flags are the wanted flags that a mount does not have.
missing_flags(m, wanted) := {flag | some flag in wanted; not has_flag(m, flag)}

# named_paths is the text of paths that a mount shows, with the names that os.yml
# uses for them.
named_paths(p, paths) := one_line({text | some path in paths; text := named_path(p, path)})

named_path(p, path) := path if {
	clean(p.m.source) == path
} else := sprintf("%s (%s)", [path, p.m.source])

# mount_key is the key of a finding about a path. Another path at the same
# destination has another key, so that an allowance covers only one of them.
mount_key(p, paths) := p.key if {
	some path in paths
	count(paths) == 1
	endswith(p.destination, path)
} else := sprintf("%s (%s)", [p.key, one_line(paths)])

# opposite_options are the options that undo flags.
opposite_options(flags) := {o | some flag in flags; some o in [opposite[flag], sprintf("r%s", [opposite[flag]])]}

# system_folders are the folders of the host with programs, settings, and the state
# of init and the OCI runtime.
system_folders := {
	"/etc", "/boot", "/usr", "/lib", "/lib64", "/bin", "/sbin", "/containers", "/init",
	"/run/crun", "/run/runc", "/run/seaworthy",
}

# usual_devices are the devices in /dev of every container.
usual_devices := {"/dev/full", "/dev/null", "/dev/random", "/dev/tty", "/dev/urandom", "/dev/zero"}

# kernel_paths are paths below /proc and /sys, at each place where the container has
# these. The runtime masks only the given paths and not a second mount.
kernel_paths(paths, mounts_of) := {concat("", [place, trim_prefix(path, root)]) |
	some path in paths
	some root, places in kernel_places(mounts_of)
	under(path, root)
	some place in places
}

kernel_places(mounts_of) := {root: {p.destination | some p in mounts_of; shows_kernel(p, root, kind)} |
	some root, kind in {"/proc": "proc", "/sys": "sysfs"}
}

shows_kernel(p, _, kind) if p.m.type == kind

shows_kernel(p, root, _) if root in p.shows

# listed: a list of the spec contains the path or a folder above it.
listed(c, key, path) if {
	some other in arr(object.get(c.spec, ["linux", key], []))
	under(path, clean(other))
}

# is_kernel_path: the path is in a folder of the kernel. cgroups, which MNT-008
# checks, and the devices of every container do not count.
is_kernel_path(path) if {
	count({"/dev", "/proc", "/sys"} & folders(path)) > 0
	not under(path, "/sys/fs/cgroup")
	not path in usual_devices
}

# leads_to_socket: the path is a socket of a container runtime, known by its name, or
# a folder above such a socket. A read-only bind does not help, because connecting
# to a socket changes no file.
leads_to_socket(path) if base(path) in given.params.runtime_sockets

leads_to_socket(path) if regex.match(`(^|[-_.])(buildkitd?|containerd|crio?|cri-dockerd|docker(d|shim)?|podman)([-_.].*)?\.sock(\.|$)`, base(path))

leads_to_socket(path) if {
	some dir in runtime_folders
	under(path, dir)
}

leads_to_socket(path) if {
	path != "/"
	some dir in runtime_folders
	under(dir, path)
}

# runtime_folders are the folders of container runtimes in /run.
runtime_folders := {sprintf("%s/%s", [run, name]) |
	some run in ["/run", "/run/docker", "/run/k3s"]
	some name in ["buildkit", "containerd", "crio", "docker", "podman"]
}

# common_folders are the folders in which each component has its own folder, and
# /etc, which has accounts and keys.
common_folders := {"/containers", "/containers/onboot", "/containers/onshutdown", "/containers/services", "/containers/volumes", "/etc", "/tmp", "/var", "/var/lib"}
