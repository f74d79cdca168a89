package guest

// systemMount is a mount that every system has.
type systemMount struct {
	source, dest, typ string
	options           []string
	mode              uint32 // mode of the mount point, if it must be created
	// optional: skipped silently if the kernel does not support the file
	// system, or if the folder does not exist. Folders below /sys exist if the
	// kernel supports them.
	optional bool
}

// firstMounts are needed before everything else, on any root. Debian's kernels
// do not mount devtmpfs themselves.
var firstMounts = []systemMount{
	{source: "devtmpfs", dest: "/dev", typ: "devtmpfs", options: []string{"nosuid", "noexec", "relatime", "mode=0755", "size=10m"}, mode: 0o755},
	{source: "proc", dest: "/proc", typ: "proc", options: []string{"nosuid", "nodev", "noexec", "relatime"}, mode: 0o555},
	{source: "sysfs", dest: "/sys", typ: "sysfs", options: []string{"nosuid", "nodev", "noexec", "relatime"}, mode: 0o555},
}

// restMounts are mounted after the root has its final place. The sizes are
// upper limits: a tmpfs uses memory only for its contents.
var restMounts = []systemMount{
	{source: "tmpfs", dest: "/run", typ: "tmpfs", options: []string{"nosuid", "nodev", "noexec", "relatime", "size=10%", "mode=0755"}, mode: 0o755},
	{source: "tmpfs", dest: "/tmp", typ: "tmpfs", options: []string{"nosuid", "nodev", "noexec", "relatime", "size=10%", "mode=1777"}, mode: 0o755},
	{source: "tmpfs", dest: "/var", typ: "tmpfs", options: []string{"nosuid", "nodev", "noexec", "relatime", "size=50%", "mode=0755"}, mode: 0o755},
	{source: "devpts", dest: "/dev/pts", typ: "devpts", options: []string{"nosuid", "noexec", "relatime", "gid=5", "mode=0620", "ptmxmode=0666"}, mode: 0o755},
	{source: "shm", dest: "/dev/shm", typ: "tmpfs", options: []string{"nosuid", "nodev", "noexec", "relatime", "size=10%", "mode=1777"}, mode: 0o755},
	{source: "mqueue", dest: "/dev/mqueue", typ: "mqueue", options: []string{"nosuid", "nodev", "noexec", "relatime"}, mode: 0o755, optional: true},
	{source: "cgroup2", dest: "/sys/fs/cgroup", typ: "cgroup2", options: []string{"nosuid", "nodev", "noexec", "relatime", "nsdelegate"}},
	{source: "securityfs", dest: "/sys/kernel/security", typ: "securityfs", options: []string{"nosuid", "nodev", "noexec", "relatime"}, optional: true},
	{source: "bpf", dest: "/sys/fs/bpf", typ: "bpf", options: []string{"nosuid", "nodev", "noexec", "relatime", "mode=0700"}, optional: true},
	{source: "pstore", dest: "/sys/fs/pstore", typ: "pstore", options: []string{"nosuid", "nodev", "noexec", "relatime"}, optional: true},
	{source: "efivarfs", dest: "/sys/firmware/efi/efivars", typ: "efivarfs", options: []string{"ro", "nosuid", "nodev", "noexec", "relatime"}, optional: true},
}

// runDirs are folders in the tmpfs mounts. Containers bind-mount them.
var runDirs = []struct {
	path string
	mode uint32
}{
	{"/run/log", 0o755}, {"/run/lock", 0o755}, {"/run/resolvconf", 0o755}, {"/run/seaworthy", 0o700},
	{"/var/cache", 0o755}, {"/var/empty", 0o555}, {"/var/lib", 0o755}, {"/var/log", 0o755},
	{"/var/opt", 0o755}, {"/var/spool", 0o755}, {"/var/tmp", 0o1777},
}

// runLinks are symbolic links: path, target.
var runLinks = [][2]string{{"/var/run", "/run"}, {"/var/lock", "/run/lock"}}
