package guest

// systemMount is one mount that every system has.
type systemMount struct {
	source, dest, typ string
	options           []string
	mode              uint32 // of the mount point, where it has to be made
	// optional: skipped without a word where the kernel has no such file
	// system or no such folder (those below /sys exist if it has).
	optional bool
}

// firstMounts are needed before anything else, on whatever root there is.
// Debian's kernels do not mount devtmpfs by themselves.
var firstMounts = []systemMount{
	{source: "devtmpfs", dest: "/dev", typ: "devtmpfs", options: []string{"nosuid", "noexec", "relatime", "mode=0755", "size=10m"}, mode: 0o755},
	{source: "proc", dest: "/proc", typ: "proc", options: []string{"nosuid", "nodev", "noexec", "relatime"}, mode: 0o555},
	{source: "sysfs", dest: "/sys", typ: "sysfs", options: []string{"nosuid", "nodev", "noexec", "relatime"}, mode: 0o555},
}

// restMounts come once the root is where it stays. The sizes are upper
// limits: a tmpfs takes memory for what is in it.
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

// runDirs are made in the tmpfs mounts; containers bind them.
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
