# METADATA
# scope: package
# title: "File can replace a program or setting of the host"
# description: |-
#   The files section is unpacked last, over the images. A file there can replace PID 1, the
#   OCI runtime, or their libraries or settings. These programs apply every other setting:
#   an attacker who controls the file controls the system. A file
#   /etc/modules-load.d/NAME.conf may name modules of the kernel: init loads them, and no
#   component needs CAP_SYS_MODULE. It must have one name in each line: a name can only
#   load what the kernel's image already contains, and a path or a parameter could do more.
# custom:
#   id: FIL-005
#   severity: high
#   pack: baseline
#   controls: ["SSDF PS.1.1?"]
#   remediation: "Put a program into an image of the init section. Put all other files below /etc or /usr/share."
#   inputs: ["files section"]
#   since: 0.1.0
package seaworthy.rules.FIL_005

import data.seaworthy.edit
import data.seaworthy.kernel
import data.seaworthy.lib

checked contains resource(f) if some f in lib.arr(input.files)

resource(f) := sprintf("file:%s", [f.path])

# resolved is the path of the file on the host: its folder can be a link of the files
# section.
resolved(path) := lib.clean(sprintf("%s/%s", [lib.host_path(regex.replace(lib.clean(path), `/[^/]*$`, "")), lib.base(path)]))

# Folders from which PID 1, the OCI runtime or the kernel run programs or load libraries.
program_folders := {
	"/init", "/linuxrc", "/bin", "/sbin", "/lib", "/lib32", "/lib64", "/libx32", "/libexec", "/usr/bin", "/usr/sbin", "/usr/lib", "/usr/lib32", "/usr/lib64",
	"/usr/libexec", "/usr/share/containers/oci", "/usr/libx32", "/usr/local/lib", "/usr/local/lib64", "/usr/local/libexec",
	"/opt/bin", "/opt/sbin", "/opt/cni", "/opt/containerd", "/opt/nri",
}

# Settings that make them run or load something, or that define accounts. Inits run the
# files in such folders: linuxkit/init runs every file of /etc/init.d.
program_settings := `^/etc/(bash[^/]*|binfmt\.d|cdi|cni|conf\.d|containerd|containers/oci|crio|cron[^/]*|crontabs|crun|crypttab|dinit\.d|doas[^/]*|environment|finit[^/]*|fstab|group-?|gshadow-?|hotplug[^/]*|inetd\.conf|init|init\.[^/]+|inittab|ld-musl-[^/]*|ld\.so\.[^/]*|local\.d|mdev[^/]*|modprobe[^/]*|modules|modules-load\.d|nri|nsswitch\.conf|onboot[^/]*|onshutdown[^/]*|openrc|pam\.[^/]*|passwd-?|periodic|profile|profile\.d|rc|rc[0-9S]?\.[^/]+|request-key[^/]*|runc|runit|runlevels|s6[^/]*|security|service|services\.d|shadow-?|shells|shutdown[^/]*|startup|subgid|subuid|sudoers|sudoers\.d|sv|systemd|tmpfiles\.d|udev|xinetd[^/]*)(/|$)`

# names_modules: the file is at its place, and only names modules.
names_modules(f) if {
	f.type == "file"
	count(lib.arr(f.modules)) > 0
	every path in {lib.clean(f.path), resolved(f.path)} {
		regex.match(`^/etc/modules-load\.d/[^/]+\.conf$`, path)
	}
}

# Files that the shell of root runs at start.
program_files := {"/root/.ashrc", "/root/.bash_login", "/root/.bash_profile", "/root/.bashrc", "/root/.profile", "/root/.zshrc", "/.profile"}

among_programs(path) if {
	some dir in program_folders
	lib.under(path, dir)
	not data_folder(path)
}

among_programs(path) if regex.match(program_settings, path)

among_programs(path) if path in program_files

# In the first folders of PATH, only the names that init and the OCI runtime look up.
among_programs(path) if regex.match(`^/usr/local/s?bin/(ash|bash|busybox|conmon.*|containerd.*|crun|cryptsetup|ctr|dash|fsck.*|halt|init|insmod|ip|iptables.*|kata.*|kmod|mdev|mkfs.*|modprobe|mount.*|nft|poweroff|rc.*|reboot|runc|runsc|service|sh|shutdown|systemd.*|toybox|udevd|umount|youki)$`, path)

among_programs(path) if path in {"/usr/local", "/usr/local/bin", "/usr/local/sbin"}

among_programs(path) if path in named_programs

# A link or a file that replaces a folder above these folders.
among_programs(path) if {
	some dir in program_folders
	lib.under(dir, path)
}

among_programs("/etc")

# Firmware runs on devices, not on the host. Other rules check sysctl files.
data_folder(path) if {
	some dir in {"/lib/firmware", "/usr/lib/firmware", "/lib/sysctl.d", "/usr/lib/sysctl.d"}
	lib.under(path, dir)
}

# named_programs are the programs that the kernel starts: its command line, its sysctls
# or its configuration name them.
named_programs contains lib.clean(p.value) if {
	some p in kernel.params
	p.name in {"init", "rdinit"}
	startswith(lib.str(p.value), "/")
}

named_programs contains lib.clean(split(trim_left(value, "| "), " ")[0]) if {
	some s in lib.arr(lib.obj(input.sysctl).settings)
	value := lib.str(s.value)
	regex.match(`^\|? */`, value)
}

named_programs contains lib.clean(value) if {
	some option in ["CONFIG_MODPROBE_PATH", "CONFIG_STATIC_USERMODEHELPER_PATH", "CONFIG_UEVENT_HELPER_PATH"]
	value := kernel.value(option)
	startswith(value, "/")
}

fail contains {
	"id": "FIL-005",
	"resource": resource(f),
	"path": "",
	"origin": f.origin,
	"actual": f.path,
	"expected": "a path that no program of the host runs or reads",
	"key": "program",
	"message": sprintf("%s can replace a program, library or setting of the host", [f.path]),
	"fix": sprintf("choose another path for %s, or ship it in an image. The suggested edit removes it from `files`: a program that reads this path then finds the file of the images, or none", [f.path]),
	"edits": edit.remove_op(edit.file(f), ""),
} if {
	some f in lib.arr(input.files)
	f.type != "dir"
	not names_modules(f)
	some path in {lib.clean(f.path), resolved(f.path)}
	among_programs(path)
}
