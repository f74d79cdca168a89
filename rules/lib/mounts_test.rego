package seaworthy.test.lib

import data.seaworthy.lib

test_writable if {
	lib.writable({})
	lib.writable({"options": ["ro", "rw"]})
	not lib.writable({"options": ["rw", "ro"]})
	not lib.writable({"options": ["rro"]})
	not lib.writable({"options": ["rro", "rw"]})
	lib.writable({"options": ["ro", "rrw"]})
	lib.writable({"options": ["rrw", "ro"]})
	not lib.writable({"options": ["rrw", "rro"]})
}

test_lacking if {
	wanted := {"nosuid", "nodev", "noexec"}
	lib.missing_flags({"options": ["nosuid", "nodev", "noexec"]}, wanted) == set()
	lib.missing_flags({"options": ["nosuid", "nodev", "noexec", "exec"]}, wanted) == {"noexec"}
	lib.missing_flags({"options": ["exec", "nosuid", "nodev", "noexec", "rsuid"]}, wanted) == {"nosuid"}
	lib.missing_flags({}, wanted) == wanted
	lib.opposite_options({"nosuid"}) == {"suid", "rsuid"}
}

test_bind_by_option if {
	lib.is_bind({"type": "none", "options": ["rbind"]})
	lib.is_bind({"type": "none", "options": ["bind"]})
	lib.is_bind({"type": "bind"})
	not lib.is_bind({"type": "tmpfs", "options": []})
}

test_shows if {
	lib.shows({"type": "bind", "source": "/var/run/x"}, lib.kernel_folders) == {"/run/x"}
	lib.shows({"type": "bind", "source": "/proc/1/root"}, lib.kernel_folders) == {"/", "/proc/1/root"}
	lib.shows({"type": "devtmpfs", "source": "x"}, lib.kernel_folders) == {"/dev"}
	lib.shows({"type": "tmpfs", "source": "/etc"}, lib.kernel_folders) == set()
	lib.shows({"type": "overlay", "options": ["rw", "lowerdir=/etc:/a=b", "lowerdir+=/usr", "upperdir=/run/u", "workdir=/run/w"]}, lib.kernel_folders) == {"/etc", "/a=b", "/usr", "/run/u", "/run/w"}
}

# A file system splits its options at commas, and a runtime does not.
test_shows_in_one_option if {
	lib.shows({"type": "overlay", "options": ["lowerdir=/,index=off"]}, lib.kernel_folders) == {"/"}
	lib.writes({"type": "bind", "source": "/etc", "options": ["rbind", "ro,x"]}, lib.kernel_folders) == {"/etc"}
}

# /proc of init is that of the host.
test_shows_of_init if {
	init := object.union(lib.kernel_folders, lib.folders_of_init)
	lib.shows({"type": "proc"}, lib.kernel_folders) == set()
	lib.shows({"type": "proc"}, init) == {"/proc"}
	lib.shows({"type": "sysfs"}, init) == {"/sys"}
}

test_writes if {
	lib.writes({"type": "bind", "source": "/etc", "options": ["rbind"]}, lib.kernel_folders) == {"/etc"}
	lib.writes({"type": "bind", "source": "/etc", "options": ["rbind", "ro"]}, lib.kernel_folders) == set()
	lib.writes({"type": "overlay", "options": ["lowerdir=/etc"]}, lib.kernel_folders) == set()
	lib.writes({"type": "overlay", "options": ["lowerdir=/etc", "upperdir=/usr/u", "workdir=/run/w"]}, lib.kernel_folders) == {"/usr/u", "/run/w"}
	lib.writes({"type": "overlay", "options": ["ro", "lowerdir=/etc", "upperdir=/usr/u", "workdir=/run/w"]}, lib.kernel_folders) == set()
	lib.writes({"type": "debugfs"}, lib.kernel_folders) == {"/sys/kernel/debug"}
	lib.writes({"type": "debugfs", "options": ["ro"]}, lib.kernel_folders) == set()
}

# A read-only bind does not make the mounts below its source read-only.
test_writes_below if {
	below := lib.writes({"type": "bind", "source": "/sys", "options": ["ro", "rbind"]}, lib.kernel_folders)
	"/sys/fs/cgroup" in below
	not "/sys" in below
	lib.writes({"type": "bind", "source": "/sys", "options": ["ro", "bind"]}, lib.kernel_folders) == set()
	lib.writes({"type": "bind", "source": "/sys", "options": ["rro", "rbind"]}, lib.kernel_folders) == set()
	lib.writes({"type": "bind", "source": "/sys", "options": ["ro", "rrw", "rbind"]}, lib.kernel_folders) == {"/sys"}
}

by_init := {"components": [{
	"id": "services/a", "section": "services", "spec": {"mounts": [{"destination": "/x", "type": "tmpfs"}]},
	"origins": {"": {"layer": "os.yml"}, "runtime:/mounts": {"layer": "default"}, "runtime:/mounts/1": {"layer": "label"}, "runtime:/mounts/2": {"layer": "os.yml"}, "runtime:/mounts/3": {"layer": "os.yml"}},
	"runtime": {"mounts": [
		{"destination": "/containers/services/a/rootfs", "source": "/containers/services/a/lower", "options": ["bind"]},
		{"destination": "host", "source": "/", "options": ["bind", "rro"]},
		{"destination": "/run/x", "type": "tmpfs", "source": "tmpfs"},
		{"destination": "host", "type": "tmpfs", "source": "tmpfs"},
	]},
}]}

# Init mounts in the root of the container or on the host. Mounts of the builder do
# not count, and options that init does not know have no effect.
test_made_by_init if {
	{[p.path, p.key, p.destination] | some p in lib.placed} == {
		["runtime:/mounts/1", "host", "/host"], ["runtime:/mounts/3", "host (2)", "/host"], ["/mounts/0", "/x", "/x"],
	} with input as by_init
	{[p.path, p.key] | some p in lib.on_host} == {["runtime:/mounts/2", "/run/x"]} with input as by_init
	{p.writes | some p in lib.placed; p.key == "host"} == {{"/"}} with input as by_init
}

test_told if {
	lib.named_paths({"m": {"source": "/etc/"}}, {"/etc"}) == "/etc"
	lib.named_paths({"m": {"source": "/var/run"}}, {"/run"}) == "/run (/var/run)"
}

test_mount_key if {
	p := {"key": "/host/proc", "destination": "/host/proc"}
	lib.mount_key(p, {"/proc"}) == "/host/proc"
	lib.mount_key(p, {"/sys"}) == "/host/proc (/sys)"
	lib.mount_key(p, {"/proc", "/sys"}) == "/host/proc (/proc, /sys)"
}

test_kernel_paths if {
	places := [
		{"destination": "/proc", "shows": set(), "m": {"type": "proc"}}, {"destination": "/p2", "shows": set(), "m": {"type": "proc"}},
		{"destination": "/p3", "shows": {"/proc"}, "m": {"type": "bind"}}, {"destination": "/s2", "shows": set(), "m": {"type": "sysfs"}},
		{"destination": "/var", "shows": {"/var"}, "m": {"type": "bind"}},
	]
	lib.kernel_paths(["/proc/kcore", "/sys/firmware"], places) == {"/proc/kcore", "/p2/kcore", "/p3/kcore", "/s2/firmware"}
}

test_listed if {
	c := {"spec": {"linux": {"maskedPaths": ["/proc/a/", "/sys"], "readonlyPaths": null}}}
	lib.listed(c, "maskedPaths", "/proc/a")
	lib.listed(c, "maskedPaths", "/sys/firmware")
	not lib.listed(c, "maskedPaths", "/proc")
	not lib.listed(c, "readonlyPaths", "/proc/a")
}

# Init shows a folder of the host, or a disk, at another path.
mounted_by_init(m) := {"components": [
	{"id": "onboot/a", "name": "a", "section": "onboot", "spec": {"mounts": []}, "origins": {"": {"layer": "os.yml"}}, "runtime": {"mounts": [m]}},
	{"id": "services/b", "name": "b", "section": "services", "spec": {"mounts": [
		{"destination": "/below", "type": "bind", "source": "/srv/x/sub", "options": ["rbind", "rw"]},
		{"destination": "/above", "type": "bind", "source": "/srv", "options": ["rbind", "ro"]},
		{"destination": "/alone", "type": "bind", "source": "/srv", "options": ["bind", "rw"]},
		{"destination": "/all", "type": "bind", "source": "/", "options": ["rbind", "rro"]},
		{"destination": "/disk", "type": "ext4", "source": "/dev/sda1", "options": ["rw"]},
	]}},
]}

seen(system) := {p.destination: [p.shows, p.writes] | some p in placed} if {
	placed := lib.placed with input as system
}

test_renamed if {
	all := seen(mounted_by_init({"destination": "/srv/x", "type": "bind", "source": "/etc", "options": ["bind", "rw"]}))
	all["/below"] == [{"/srv/x/sub", "/etc/sub"}, {"/srv/x/sub", "/etc/sub"}]
	all["/above"] == [{"/srv", "/etc"}, {"/etc"}]
	all["/alone"] == [{"/srv"}, {"/srv"}]
	all["/all"] == [{"/"}, set()]
	all["/disk"] == [set(), set()]
}

test_renamed_read_only if {
	all := seen(mounted_by_init({"destination": "/srv/x", "type": "bind", "source": "/etc", "options": ["bind", "ro"]}))
	all["/below"] == [{"/srv/x/sub", "/etc/sub"}, {"/srv/x/sub"}]
	all["/above"] == [{"/srv", "/etc"}, set()]
}

test_same_disk if {
	all := seen(mounted_by_init({"destination": "/var/lib", "type": "ext4", "source": "/dev/sda1", "options": ["rw"]}))
	all["/disk"] == [{"/var/lib"}, {"/var/lib"}]
	all["/above"] == [{"/srv"}, set()]
}

# The kernel removes the backslash.
test_overlay_escaped if lib.shows({"type": "overlay", "options": [`lowerdir=/\etc`]}, lib.kernel_folders) == {"/etc"}
