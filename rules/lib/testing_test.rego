# A good system for tests, and functions that change it. Its kernel options, command
# line and sysctls come from the tables, so that a new row needs no change here.
package seaworthy.testing

import data.seaworthy.given

origin := {"layer": "os.yml", "file": "os.yml", "line": 1, "column": 1}

image(name) := {
	"reference": sprintf("seaworthy/%s:1", [name]),
	"name": sprintf("docker.io/seaworthy/%s:1", [name]),
	"registry": "docker.io",
	"repository": sprintf("seaworthy/%s", [name]),
	"tag": "1",
	"digest": "sha256:1111111111111111111111111111111111111111111111111111111111111111",
	"manifest": "sha256:2222222222222222222222222222222222222222222222222222222222222222",
	"pinned": false,
	"locked": true,
	"origin": origin,
	"os": "linux",
	"architecture": "amd64",
	"user": "100",
	"env": ["PATH=/usr/bin"],
	"entrypoint": null,
	"cmd": null,
	"exposedPorts": null,
	"labels": {},
	"history": ["component build"],
	"trustRequired": false,
	"attestations": {"looked": false, "found": [], "truncated": false},
}

sbom := {
	"present": true,
	"formats": ["SPDX-2.3", "CycloneDX-1.6"],
	"packages": [{"name": "libc6", "version": "2.36-9", "type": "deb", "purl": "pkg:deb/debian/libc6@2.36-9", "licenses": ["LGPL-2.1"]}],
	"distro": {"id": "debian", "versionId": "12", "prettyName": "Debian GNU/Linux 12 (bookworm)"},
	"coverage": {"files": 100, "owned": 100},
	"unreadable": [],
	"vulnerabilities": [],
	"unmatched": [],
}

files := {
	"present": true, "count": 100, "bytes": 1000,
	"setid": [], "worldWritable": [], "fileCaps": [], "sensitive": [], "secrets": [],
	"emptyPasswords": [], "knownPasswords": [], "untriedPasswords": [], "duplicateIds": [], "tools": [], "sshd": null, "sshdMatch": [], "links": [], "openLogins": [], "inittab": [],
	"containerd": null, "containerdPrograms": [], "apparmorProfiles": [], "modulesLoad": [],
	"authorizedKeys": [], "sysctl": [], "emptyFolders": [], "truncated": false,
}

component(section, name, spec) := {
	"id": id(section, name), "section": section, "name": name, "index": 0,
	"image": image(name), "readonly": true,
	"spec": spec, "runtime": {},
	"origins": {"": origin},
	"sbom": sbom, "files": files, "missingTargets": [],
	"program": {"name": "/usr/bin/x", "state": "found", "why": "", "path": "/usr/bin/x", "format": "elf", "arch": "amd64", "lacks": ""},
}

id("kernel", _) := "kernel"

id(section, name) := sprintf("%s/%s", [section, name]) if section != "kernel"

system_mounts := [
	{"destination": "/dev", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "strictatime", "mode=755", "size=65536k", "ro"]},
	{"destination": "/dev/pts", "type": "devpts", "source": "devpts", "options": ["nosuid", "noexec", "newinstance", "ptmxmode=0666", "mode=0620"]},
	{"destination": "/proc", "type": "proc", "source": "proc", "options": ["nosuid", "nodev", "noexec", "relatime"]},
	{"destination": "/sys", "type": "sysfs", "source": "sysfs", "options": ["nosuid", "noexec", "nodev", "ro"]},
	{"destination": "/sys/fs/cgroup", "type": "cgroup", "source": "cgroup", "options": ["nosuid", "noexec", "nodev", "relatime", "ro"]},
]

capabilities(names) := {kind: names | some kind in ["bounding", "effective", "permitted", "inheritable"]}

# A good service.
service_spec := {
	"ociVersion": "1.2.1",
	"process": {
		"user": {"uid": 100, "gid": 100},
		"args": ["/usr/sbin/nginx"],
		"env": ["PATH=/usr/sbin:/usr/bin"],
		"cwd": "/",
		"capabilities": capabilities([]),
		"noNewPrivileges": true,
		"apparmorProfile": "docker-default",
		"rlimits": [{"type": "RLIMIT_CORE", "hard": 0, "soft": 0}],
	},
	"root": {"path": "rootfs", "readonly": true},
	"mounts": array.concat(system_mounts, [{"destination": "/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev", "noexec", "size=16m"]}]),
	"linux": {
		"namespaces": [
			{"type": "mount"}, {"type": "pid"}, {"type": "ipc"}, {"type": "uts"},
			{"type": "network"}, {"type": "user"}, {"type": "cgroup"},
		],
		"uidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],
		"gidMappings": [{"containerID": 0, "hostID": 100000, "size": 65536}],
		"resources": {
			"pids": {"limit": 64},
			"memory": {"limit": 67108864},
			"cpu": {"shares": 512},
			"devices": [{"allow": false, "access": "rwm"}],
		},
		"devices": [],
		"seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": [{"names": ["read", "write"], "action": "SCMP_ACT_ALLOW"}]},
		"maskedPaths": given.params.masked_paths,
		"readonlyPaths": given.params.readonly_paths,
		"sysctl": {},
	},
}

# Onboot components as shipped: they run once, as root.
onboot_spec(caps) := {
	"ociVersion": "1.2.1",
	"process": {
		"user": {"uid": 0, "gid": 0}, "args": ["/usr/bin/once"], "env": ["PATH=/usr/bin"], "cwd": "/",
		"capabilities": capabilities(caps), "noNewPrivileges": true,
	},
	"root": {"path": "rootfs", "readonly": true},
	"mounts": system_mounts,
	"linux": {
		"namespaces": [{"type": "mount"}],
		"resources": {"devices": [{"allow": false, "access": "rwm"}]},
		"devices": [],
		"seccomp": {"defaultAction": "SCMP_ACT_ERRNO", "architectures": ["SCMP_ARCH_X86_64"], "syscalls": []},
		"maskedPaths": [], "readonlyPaths": [], "sysctl": {},
	},
}

components := [
	component("kernel", "kernel", null),
	object.union(component("init", "000", null), {"files": object.union(files, {"apparmorProfiles": ["docker-default"]})}),
	component("onboot", "sysctl", onboot_spec(["CAP_SYS_ADMIN", "CAP_NET_ADMIN"])),
	component("onboot", "dhcp", onboot_spec(["CAP_NET_ADMIN", "CAP_NET_RAW"])),
	component("services", "nginx", service_spec),
	component("services", "report", service_spec),
]

# The image of an init component is not named by its position.
images := [image("kernel"), image("init"), image("sysctl"), image("dhcp"), image("nginx"), image("report")]

good := {
	"schemaVersion": 1,
	"name": "test",
	"arch": "amd64",
	"sources": [{"path": "os.yml", "digest": "sha256:00"}],
	"locked": true,
	"components": [object.union(c, {"image": images[i], "index": i}) | some i, c in components],
	"kernel": {
		"present": true,
		"version": "6.12.1-test",
		"config": {"present": true, "source": "config", "digest": "sha256:01", "options": kernel_options, "mismatch": ""},
		"modules": [],
		"package": "linux-image-test",
		"ucode": "",
	},
	"cmdline": {"raw": "console=ttyS0", "params": cmdline_params, "origin": origin},
	"sysctl": {"applied": true, "settings": sysctl_settings},
	"files": [],
	"sbom": {
		"present": true,
		"components": ["kernel", "init/000", "onboot/sysctl", "onboot/dhcp", "services/nginx", "services/report"],
		"packages": 6,
	},
	"ignored": [],
	"builder": "0.1.0",
	"lock": {"present": true, "builder": "0.1.0", "policy": "baseline", "policyDigest": "sha256:02"},
	"trust": {"given": false, "digest": ""},
	"vulnerabilities": {"scanned": false, "database": "", "digest": "", "records": 0, "modified": ""},
	"formats": [{"name": "kernel+initrd", "attributes": false, "verified": false}],
	"boot": {"present": false, "certificates": [], "files": []},
	"output": {"present": false, "refused": [], "compared": false, "different": []},
}

# booting is the good system after a build with these files.
booting(files) := put(good, "/boot", {"present": true, "certificates": [certificate], "files": files})

certificate := "sha256:6666666666666666666666666666666666666666666666666666666666666666"

# disk is a file that UEFI firmware starts: a signed UKI with its initrd.
disk := {
	"path": "test-efi.img", "starts": ["uefi"], "programs": [program], "loaders": [], "trees": [], "roots": [], "unread": [],
	"lines": [{"path": program.path, "from": "uki", "raw": "console=ttyS0", "params": [{"name": "console", "value": "ttyS0", "index": 0}]}],
}

program := {
	"path": "partition 1/EFI/BOOT/BOOTX64.EFI", "kind": "uki", "cmdline": true, "initrd": true, "osRelease": "ID=test\n", "uname": "6.1.0-test",
	"sbat": true, "generations": [
		{"line": 1, "component": "sbat", "generation": 1, "vendor": "SBAT Version", "package": "sbat", "version": "1", "url": "https://example.test/SBAT.md"},
		{"line": 2, "component": "systemd-stub", "generation": 1, "vendor": "The systemd Developers", "package": "systemd", "version": "252", "url": "https://systemd.io/"},
	],
	"signers": [{"name": "CN=db", "certificate": certificate, "valid": true, "problem": ""}],
}

# booting_with changes the disk.
booting_with(path, v) := booting([put(disk, path, v)])

params := given.params

# attested is the good system where a trust policy was given: all images are
# signed and have provenance, except nginx, which has the given attestations.
attested(list) := object.union(good, {
	"trust": {"given": true, "digest": "sha256:03"},
	"components": [json.patch(c, [{"op": "replace", "path": "/image/attestations", "value": {"looked": true, "found": beside, "truncated": false}}]) |
		some i, c in good.components
		beside := [[signature, provenance({})], list][to_number(i == at.nginx)]
	],
})

signature := {
	"digest": "sha256:04", "form": "bundle", "verified": true, "reason": "", "signs": true, "key": "release", "allowed": true, "identity": "", "issuer": "",
	"predicateType": "", "readable": true, "subjectMatches": true, "provenance": null,
}

provenance(changes) := object.union(signature, {
	"digest": "sha256:05", "predicateType": "https://slsa.dev/provenance/v1",
	"provenance": object.union({"builder": "https://builder.example/main", "buildType": "make", "source": "https://git.example/os", "ref": "refs/tags/v1"}, changes),
})

# verified is the good system as verify sees it.
verified(refused) := put(good, "/output", {"present": true, "refused": refused, "compared": false, "different": []})

# Comprehensions by kind instead of functions: every test pays for this.
kernel_rows := [row | some row in given.kconfig; "amd64" in object.get(row, "arches", ["amd64"])]

kernel_options := object.union_n([
	{row.option: row.want | some row in kernel_rows; is_string(row.want)},
	{row.option: row.want[0] | some row in kernel_rows; is_array(row.want)},
	{row.option: format_int(row.want.min, 10) | some row in kernel_rows; row.want.min},
	{row.option: "32" | some row in kernel_rows; row.want.as},
	{row.want.as: "32" | some row in kernel_rows; row.want.as},
	{
		"CONFIG_MODULES": "y", "CONFIG_CPU_SUP_INTEL": "y", "CONFIG_CPU_SUP_AMD": "y", "CONFIG_CC_IS_GCC": "y",
		"CONFIG_BPF_SYSCALL": "y", "CONFIG_BPF_JIT": "y", "CONFIG_USER_NS": "y", "CONFIG_INET": "y", "CONFIG_IPV6": "y",
		"CONFIG_KEXEC_CORE": "y", "CONFIG_PERF_EVENTS": "y", "CONFIG_MAGIC_SYSRQ": "y",
		"CONFIG_HAVE_ARCH_VMAP_STACK": "y", "CONFIG_HAVE_ARCH_RANDOMIZE_KSTACK_OFFSET": "y", "CONFIG_HAVE_ARCH_KFENCE": "y",
		"CONFIG_CC_HAS_ZERO_CALL_USED_REGS": "y", "CONFIG_ARCH_HAS_DEVMEM_IS_ALLOWED": "y",
		"CONFIG_LSM": "landlock,lockdown,yama,apparmor,bpf",
		"CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY": "y",
	},
])

cmdline_params := array.concat(
	[{"name": "console", "value": "ttyS0", "index": 0}],
	array.concat(
		[{"name": row.param, "value": null, "index": i + 1} | some i, row in given.cmdline; row.want[0] == ""],
		[{"name": row.param, "value": row.want[0], "index": i + 1} | some i, row in given.cmdline; row.want[0] != ""],
	),
)

sysctl_settings := [{"key": row.key, "value": row.set, "component": "onboot/sysctl", "source": "/etc/sysctl.d/00.conf", "order": i} |
	some i, row in given.sysctl
	not i in idle_sysctls
]

# Those that the good kernel does not have.
idle_sysctls := ({i |
	some i, row in given.sysctl
	some name, want in row.when
	not kernel_options[name] == want
	not listed(want, kernel_options[name])
} | {i |
	some i, row in given.sysctl
	some name, _ in row.when
	not kernel_options[name]
}) | {i |
	some i, row in given.sysctl
	row.key in unwanted_sysctls
}

# The good services run in user namespaces.
unwanted_sysctls := {"user.max_user_namespaces"}

listed(want, value) if value in want

# Indexes into good.components.
at := {"kernel": 0, "init": 1, "sysctl": 2, "dhcp": 3, "nginx": 4, "report": 5}

put(system, path, v) := json.patch(system, [{"op": "add", "path": path, "value": v}])

drop(system, path) := json.patch(system, [{"op": "remove", "path": path}])

# component_with and spec_with change one value of one component.
component_with(name, path, v) := put(good, sprintf("/components/%d%s", [at[name], path]), v)

spec_with(name, path, v) := component_with(name, concat("", ["/spec", path]), v)

# nginx_with changes nginx, the service that most tests use.
nginx_with(path, v) := spec_with("nginx", path, v)

# Capabilities count outside the container where it has the host's users.
nginx_caps(names) := with_caps(good, names)

with_caps(system, names) := json.patch(system, [
	{"op": "add", "path": "/components/4/spec/process/capabilities", "value": capabilities(names)},
	{"op": "add", "path": "/components/4/spec/linux/namespaces", "value": [ns | some ns in service_spec.linux.namespaces; ns.type != "user"]},
])

# stranger_caps: root of the namespace is not a user of the host.
stranger_caps(names) := nginx_with("/process/capabilities", capabilities(names))

# profiles is the good system, whose init loads these AppArmor profiles.
profiles(names) := put(good, "/components/1/files/apparmorProfiles", names)

# host_users is a system whose nginx has them.
host_users(system) := put(system, "/components/4/spec/linux/namespaces", [ns | some ns in service_spec.linux.namespaces; ns.type != "user"])

nginx_mount(m) := nginx_with("/mounts/-", m)

nginx_without_ns(kind) := nginx_with("/linux/namespaces", [ns | some ns in service_spec.linux.namespaces; ns.type != kind])

nginx_files(list, v) := component_with("nginx", concat("", ["/files/", list]), v)

# containerd is a system whose init section has containerd and its configuration.
containerd(config) := put(containerd_program, "/components/1/files/containerd", object.union(containerd_config, config))

# containerd_file: the files section has the configuration.
containerd_file(config) := put(containerd_program, "/files", [{
	"path": "/etc/containerd/config.toml", "type": "file", "mode": "600", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "", "size": 1,
	"digest": "", "secret": "", "sysctl": [], "logins": null, "origin": origin, "containerd": object.union(containerd_config, config),
}])

# containerd_program: there is no configuration.
containerd_program := put(good, "/components/1/files/containerdPrograms", ["/usr/bin/containerd"])

# A good configuration.
containerd_config := {"error": "", "version": 2, "disabled": given.params.containerd_disabled, "servers": [], "owners": [], "outside": []}

no_spec := component_with("nginx", "/spec", null)

no_files := nginx_files("present", false)

no_kernel := put(put(good, "/kernel/present", false), "/kernel/config", {"present": false, "source": "", "digest": "", "options": {}, "mismatch": ""})

no_config := put(good, "/kernel/config", {"present": false, "source": "", "digest": "", "options": {}, "mismatch": ""})

kconfig(name, v) := put(good, concat("", ["/kernel/config/options/", name]), v)

kconfigs(changes) := put(good, "/kernel/config/options", object.union(kernel_options, changes))

# Not locked down by anything.
open_kernel := {"CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY": "n", "CONFIG_MODULE_SIG_FORCE": "n"}

cmdline(list) := cmdline_of(good, list)

cmdline_of(system, list) := put(system, "/cmdline/params", [{"name": p[0], "value": p[1], "index": i} | some i, p in list])

cmdline_add(name, v) := put(good, "/cmdline/params/-", {"name": name, "value": v, "index": 1000})

cmdline_without(name) := put(good, "/cmdline/params", [p | some p in cmdline_params; p.name != name])

sysctl(key, v) := put(good, "/sysctl/settings/-", {"key": key, "value": v, "component": "onboot/sysctl", "source": "/etc/sysctl.d/99.conf", "order": 1000})

sysctl_unset(key) := put(good, "/sysctl/settings", [x | some x in sysctl_settings; x.key != key])

# elsewhere is a row of any table that does not apply to this kernel.
elsewhere(rule) := {
	"option": "CONFIG_ELSEWHERE", "param": "elsewhere", "key": "kernel.elsewhere",
	"want": ["1"], "add": "elsewhere=1", "set": "1",
	"when": {"CONFIG_NOT_HERE": "y"},
	"rule": rule, "severity": "low", "pack": "baseline", "why": "a test", "sources": ["none"],
}

# allowance for these very findings, by the digest that all images here have.
allowance(id, found) := {
	"digest": image("any").digest,
	"reason": "a test says so",
	"rules": {id: [f.key | some f in found]},
}

# fires: the rule reports this resource and no other, with a complete finding.
fires(found, resource) if {
	{f.resource | some f in found} == {resource}
	every g in found {
		complete(g)
	}
}

complete(f) if {
	regex.match(`^[A-Z]{3}-\d{3}$`, f.id)
	regex.match(`^(component|kernel|cmdline|sysctl|file|image):.+`, f.resource)
	is_string(f.path)
	has_keys(f, {"actual", "expected"})
	count(f.key) > 0
	count(f.message) > 10
	object.get(f, "severity", "low") in {"low", "medium", "high", "critical"}
	f.actual != f.expected
	not contrary_edit(f)
}

# contrary_edit: an edit sets a switch to a value that is not expected.
contrary_edit(f) if {
	is_boolean(f.expected)
	some e in f.edits
	is_boolean(e.value)
	e.value != f.expected
}

has_keys(f, names) if names & object.keys(f) == names

# says: one of the findings has this key.
says(found, key) if {
	some f in found
	f.key == key
}

silent(found) if count(found) == 0

# tells: the entries are about this resource and no other, and have a reason.
tells(entries, resource) if {
	{e.resource | some e in entries} == {resource}
	every e in entries {
		count(e.reason) > 5
	}
}

# fires_also and tells_also: this resource is one of several that are reported.
fires_also(found, resource) if {
	fires([f | some f in found; f.resource == resource], resource)
}

tells_also(entries, resource) if {
	tells([e | some e in entries; e.resource == resource], resource)
}
