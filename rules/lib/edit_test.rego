package seaworthy.test.edit

import data.seaworthy.edit
import data.seaworthy.given
import data.seaworthy.testing

# c is a component with an entry in os.yml and an image label.
c(entry, label) := {
	"id": "services/web", "name": "web", "section": "services", "entry": entry, "image": {
		"labels": {"org.mobyproject.config": json.marshal(label)}, "user": "", "reference": "r:1", "digest": "sha256:0",
	},
	"spec": {"process": {"env": ["A=1", "B=2"]}},
}

set(path, v) := {"op": "set", "component": "services/web", "path": path, "value": v}

out(path) := {"op": "remove", "component": "services/web", "path": path}

cut(path, v) := object.union(out(path), {"value": v})

more(path, v) := {"op": "append", "component": "services/web", "path": path, "value": v}

A := "CAP_SYS_ADMIN"

N := "CAP_NET_ADMIN"

baseline := sort(given.params.pss_baseline_caps)

test_no_label if {
	edit.label({"image": {"labels": {}}}) == {}
	edit.label({"image": {"labels": {"org.mobyproject.config": "{"}}}) == {}
}

test_no_entry if edit.without_caps({"id": "x", "entry": null, "image": {"labels": {}}}, {A}) == []

test_without_caps if {
	every name, case in {
		"own list": [{"capabilities": [A, N]}, {}, [cut("/capabilities", A)]],
		"beside a label": [{"capabilities": [A, N]}, {"capabilities": [N]}, [cut("/capabilities", A)]],
		"the label asks for it": [{"capabilities": [A, N]}, {"capabilities": [A]}, []],
		"addition": [{"capabilities.add": [A]}, {"capabilities": [N]}, [cut("/capabilities.add", A)]],
		"both keys": [{"capabilities": [A], "capabilities.add": [A]}, {}, [cut("/capabilities", A), cut("/capabilities.add", A)]],
		"all": [{"capabilities": ["all"]}, {}, [set("/capabilities", baseline)]],
		"all by name": [{"capabilities": given.params.known_capabilities}, {}, [set("/capabilities", baseline)]],
		"all beside a label": [{"capabilities": ["all"]}, {"capabilities": [N]}, [out("/capabilities")]],
		"all of a label": [{}, {"capabilities": ["ALL"]}, [set("/capabilities", baseline)]],
		"all added": [{"capabilities.add": ["all"]}, {"capabilities": [N]}, [out("/capabilities.add")]],
		"all added to nothing": [{"capabilities.add": ["all"]}, {}, [set("/capabilities", baseline), out("/capabilities.add")]],
		"all added by a label": [{}, {"capabilities.add": ["all"]}, [set("/capabilities", baseline)]],
		"all added to a separate list": [{"capabilities": [A], "capabilities.add": ["all"]}, {}, [cut("/capabilities", A)]],
		"label": [{}, {"capabilities": [A, N]}, []],
		"nothing to take": [{"capabilities": [N]}, {"capabilities": [A]}, []],
		"ambient": [{"capabilities": [N], "ambient": [A, N]}, {}, [cut("/ambient", A)]],
		"ambient of a label": [{}, {"ambient": [A, N]}, [set("/ambient", [N])]],
		"own ambient hides the label's": [{"ambient": [N]}, {"ambient": [A]}, []],
		"all ambient": [{"ambient": ["all"]}, {}, [set("/ambient", [])]],
		"all ambient of a label": [{}, {"ambient": ["all"]}, [set("/ambient", [])]],
		"other ambient": [{}, {"ambient": [N]}, []],
	} {
		got := edit.without_caps(c(case[0], case[1]), {A})
		is(name, got, case[2])
	}
}

# The case is an argument so that a trace names it.
is(_, got, want) if got == want

test_all_keeps_no_dropped if {
	e := edit.without_caps(c({"capabilities": ["all"]}, {}), {"CAP_CHOWN"})
	count(e[0].value) == count(baseline) - 1
}

test_own_caps if {
	edit.own_caps(c({"capabilities.add": [N]}, {"capabilities": [A]})) == [set("/capabilities", [N, A]), out("/capabilities.add")]
	edit.own_caps(c({}, {"capabilities": ["all"]})) == [set("/capabilities", ["all"])]
	edit.own_caps(c({}, {})) == [set("/capabilities", [])]
	edit.own_caps(c({}, {"ambient": [A]})) == [set("/capabilities", []), set("/ambient", [A])]
	edit.own_caps(c({"ambient": [N]}, {"ambient": [A]})) == [set("/capabilities", [])]
}

test_unset if {
	edit.unset(c({"pid": "host"}, {}), "pid", "new") == [out("/pid")]
	edit.unset(c({"pid": "host"}, {"pid": "host"}), "pid", "new") == [set("/pid", "new")]
	edit.unset(c({}, {"pid": "host"}), "pid", "new") == [set("/pid", "new")]
	edit.unset(c({}, {}), "pid", "new") == []
}

test_with_all if {
	edit.with_missing(c({"maskedPaths": ["/a"]}, {"maskedPaths": ["/b"]}), "maskedPaths", ["/a", "/b"]) == [more("/maskedPaths", "/b")]
	edit.with_missing(c({}, {"maskedPaths": ["/a"]}), "maskedPaths", ["/a", "/b"]) == [set("/maskedPaths", ["/a", "/b"])]
}

test_limit if {
	edit.limit(c({"resources": {}}, {"resources": {"cpu": {"shares": 1}}}), "pids", "limit", 9) == [set("/resources/pids/limit", 9)]
	edit.limit(c({}, {"resources": {"cpu": {"shares": 1}}}), "pids", "limit", 9) == [set("/resources", {"cpu": {"shares": 1}, "pids": {"limit": 9}})]
	edit.limit(c({}, {}), "pids", "limit", 9) == [set("/resources/pids/limit", 9)]
}

test_limit_overwritten if {
	most := {"unified": {"pids.max": "max", "io.weight": "1"}}
	edit.limit(c({"resources": most}, {}), "pids", "limit", 9) == [set("/resources/pids/limit", 9), out("/resources/unified/pids.max")]
	edit.limit(c({}, {"resources": most}), "pids", "limit", 9) == [set("/resources", {"unified": {"io.weight": "1"}, "pids": {"limit": 9}})]
	edit.limit(c({"resources": most}, {}), "memory", "limit", 9) == [set("/resources/memory/limit", 9)]
}

test_without_device_rule if {
	two := {"resources": {"cpu": {"shares": 1}, "devices": [{"allow": false}, {"allow": true}]}}
	edit.without_device_rules(c(two, {}), [1]) == [out("/resources/devices/1")]
	edit.without_device_rules(c(two, {}), [0, 1, 2]) == [out("/resources/devices/1"), out("/resources/devices/0")]
	edit.without_device_rules(c({}, two), [1]) == [set("/resources", {"cpu": {"shares": 1}, "devices": [{"allow": false}]})]
	edit.without_device_rules(c({}, two), [2]) == []
	edit.without_device_rules(c({"resources": {}}, two), [1]) == []
}

test_core_zero if {
	edit.core_zero(c({"rlimits": ["core,1,1", "nofile,1,1"]}, {})) == [cut("/rlimits", "core,1,1"), more("/rlimits", "core,0,0")]
	edit.core_zero(c({}, {"rlimits": ["core,1,1", "nofile,1,1"]})) == [set("/rlimits", ["nofile,1,1", "core,0,0"])]
}

test_without_env if {
	edit.without_env(c({"env": ["A=1", "AB=2"]}, {}), "A") == [cut("/env", "A=1")]
	edit.without_env(c({}, {}), "A") == [set("/env", ["B=2"])]
}

test_without_annotation if {
	edit.without_annotation(c({"annotations": {"a/b": "1"}}, {}), "a/b") == [out("/annotations/a~1b")]
	edit.without_annotation(c({}, {"annotations": {"a": "1", "b": "2"}}), "a") == [set("/annotations", {"b": "2"})]
}

test_pinned if {
	edit.pinned(c({}, {})) == [set("/image", "r:1@sha256:0")]
	edit.pinned(object.union(c({}, {}), {"section": "init"})) == [set("", "r:1@sha256:0")]
}

test_without_mount if {
	every name, case in {
		"bind": [{"binds": ["/a:/x", "/b:/y:ro"]}, {}, [cut("/binds", "/a:/x")]],
		"added bind": [{"binds.add": ["/a:/x"]}, {"binds": ["/b:/y"]}, [cut("/binds.add", "/a:/x")]],
		"tmpfs": [{"tmpfs": ["/x:size=1m", "/z"]}, {}, [cut("/tmpfs", "/x:size=1m")]],
		"mount": [{"mounts": [{"type": "ext4", "destination": "/x"}, {"type": "proc"}]}, {}, [cut("/mounts", {"type": "ext4", "destination": "/x"})]],
		"label's bind": [{}, {"binds": ["/a:/x", "/b:/y"], "binds.add": ["/c:/z"]}, [set("/binds", ["/b:/y", "/c:/z"])]],
		"label's bind, and more": [{"binds.add": ["/c:/z"]}, {"binds": ["/a:/x"]}, [set("/binds", ["/c:/z"]), out("/binds.add")]],
		"label's mount": [{}, {"mounts": [{"destination": "/x"}, {"destination": "/y"}]}, [set("/mounts", [{"destination": "/y"}])]],
		"label's tmpfs": [{}, {"tmpfs": ["/x", "/y"]}, [set("/tmpfs", ["/y"])]],
		"own binds hide the label's": [{"binds": ["/b:/y"]}, {"binds": ["/a:/x"], "tmpfs": ["/x"]}, [set("/tmpfs", [])]],
	} {
		is(name, edit.without_mount(c(case[0], case[1]), "/x"), case[2])
	}
}

test_mount_target if {
	edit.mount_target({"source": "sysfs"}) == "/sys"
	edit.mount_target({"type": "proc", "source": "x"}) == "/proc"
	edit.mount_target({"type": "proc", "destination": "/p"}) == "/p"
}

test_remount if {
	every name, case in {
		"bind": [{"binds": ["/b:/y", "/a:/x:rw,nosuid"]}, {}, [set("/binds/1", "/a:/x:nosuid,ro")]],
		"bind without options": [{"binds.add": ["/a:/x"]}, {}, [set("/binds.add/0", "/a:/x:ro")]],
		"has it already": [{"binds": ["/a:/x:ro"]}, {}, [set("/binds/0", "/a:/x:ro")]],
		"tmpfs": [{"tmpfs": ["/x"]}, {}, [set("/tmpfs/0", "/x:ro")]],
		"mount": [{"mounts": [{"destination": "/y"}, {"destination": "/x", "options": ["bind", "rw"]}]}, {}, [set("/mounts/1/options", ["bind", "ro"])]],
		"label's bind": [{}, {"binds": ["/a:/x", "/b:/y"]}, [set("/binds", ["/a:/x:ro", "/b:/y"])]],
		"label's mount": [{}, {"mounts": [{"destination": "/x", "options": ["rw"]}, {"destination": "/y"}]}, [
			set("/mounts", [{"destination": "/x", "options": ["ro"]}, {"destination": "/y"}]),
		]],
		"label's tmpfs": [{}, {"tmpfs": ["/x:size=1m", "/y"]}, [set("/tmpfs", ["/x:size=1m,ro", "/y"])]],
		"own binds hide the label's": [{"binds": ["/b:/y"]}, {"binds": ["/a:/x"], "tmpfs": ["/x"]}, [set("/tmpfs", ["/x:ro"])]],
	} {
		is(name, edit.read_only(at_x(case[0], case[1])), case[2])
	}
}

test_devices if {
	mem := {"path": "/dev/mem", "mode": "0666"}
	nul := {"path": "/dev/null", "mode": "0666"}
	edit.without_devices(c({"devices": [nul, mem]}, {}), {"/dev/mem"}) == [cut("/devices", mem)]
	edit.without_devices(c({}, {"devices": [nul, mem]}), {"/dev/mem"}) == [set("/devices", [nul])]
	edit.device_mode(c({"devices": [nul, mem]}, {}), "/dev/mem", "0660") == [set("/devices/1/mode", "0660")]
	edit.device_mode(c({}, {"devices": [nul, mem]}), "/dev/mem", "0660") == [set("/devices", [nul, object.union(mem, {"mode": "0660"})])]
	every_device := {"path": "all", "type": "a"}
	edit.named_devices(c({"devices": [every_device]}, {}), [0]) == [cut("/devices", every_device)]
	edit.named_devices(c({"resources": {"devices": [{"allow": true}]}}, {}), [0]) == [out("/resources/devices/0")]
	edit.named_devices(c({"resources": {"devices": [{"allow": true}]}, "devices": [every_device]}, {}), [0, 1]) == [out("/resources/devices/0"), cut("/devices", every_device)]
	edit.named_devices(c({"resources": {"devices": [{"allow": true}]}, "devices": [every_device]}, {}), [1]) == [cut("/devices", every_device)]
}

boot(words) := testing.cmdline_of(testing.kconfigs({"CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY": "n", "CONFIG_SECURITY_LOCKDOWN_LSM": "y"}), words)

line(op, v) := {"op": op, "path": "/kernel/cmdline", "value": v}

test_lockdown if {
	edit.lockdown("integrity") == [line("append", "lockdown=integrity")] with input as boot([["quiet", null]])
	edit.lockdown("integrity") == [line("remove", "lockdown=none"), line("append", "lockdown=integrity")] with input as boot([["lockdown", "none"]])
}

test_lockdown_unlisted if {
	late := testing.put(boot([]), "/kernel/config/options", object.union(testing.kernel_options, {
		"CONFIG_LOCK_DOWN_KERNEL_FORCE_CONFIDENTIALITY": "n", "CONFIG_SECURITY_LOCKDOWN_LSM": "y",
		"CONFIG_SECURITY_LOCKDOWN_LSM_EARLY": "n", "CONFIG_LSM": "yama",
	}))
	edit.lockdown("integrity") == [line("append", "lsm=lockdown,yama"), line("append", "lockdown=integrity")] with input as late
}

test_lockdown_impossible if {
	none := testing.put(boot([]), "/kernel/config/options", {"CONFIG_LSM": "yama"})
	edit.lockdown("integrity") == [] with input as none
	edit.enable_lsm("selinux") == [] with input as none
}

test_started_already if edit.enable_lsm("yama") == [] with input as boot([])

test_sysctl_unset if {
	edit.set_sysctl("kernel.x", "1") == [line("append", "sysctl.kernel.x=1")] with input as boot([])
	edit.set_sysctl("kernel.x", "3 4") == [line("append", `sysctl.kernel.x="3 4"`)] with input as boot([])
}

test_sysctl_on_the_command_line if {
	system := testing.put(boot([["sysctl.kernel/x", "0"]]), "/sysctl/settings", [
		{"key": "kernel.x", "value": "0", "component": "cmdline", "source": "cmdline", "order": 0},
	])
	edit.set_sysctl("kernel.x", "1") == [line("remove", "sysctl.kernel/x=0"), line("append", "sysctl.kernel.x=1")] with input as system
}

test_sysctl_old_kernel if {
	edit.set_sysctl("kernel.x", "1") == [] with input as testing.put(boot([]), "/kernel/version", "5.7.0")
}

set_by(id) := testing.put(testing.component_with("nginx", "/entry", {"sysctl": {"kernel/x": "0", "kernel.y": "0"}}), "/sysctl/settings", [
	{"key": "kernel.x", "value": "2", "component": "cmdline", "source": "cmdline", "order": 0},
	{"key": "kernel/x", "value": "0", "component": id, "source": "spec", "order": 1},
])

test_sysctl_too_early if {
	edit.set_sysctl("kernel.modules_disabled", "1") == [] with input as boot([])
	edit.set_sysctl("net.netfilter.x", "1") == [] with input as boot([])
	edit.set_sysctl("net.ipv6.x", "1") == [line("append", "sysctl.net.ipv6.x=1")] with input as testing.kconfig("CONFIG_IPV6", "y")
	edit.set_sysctl("net.ipv6.x", "1") == [] with input as testing.kconfig("CONFIG_IPV6", "m")
	edit.set_sysctl("net.ipv4.x", "1") == [line("append", "sysctl.net.ipv4.x=1")] with input as testing.kconfig("CONFIG_IPV6", "m")
}

test_sysctl_of_a_component if {
	edit.set_sysctl("kernel.x", "1") == [{"op": "set", "component": "services/nginx", "path": "/sysctl/kernel~1x", "value": "1"}] with input as set_by("services/nginx")
	edit.set_sysctl("kernel.x", "1") == [] with input as set_by("onboot/sysctl")
}

test_sysctl_by_an_argument if {
	edit.set_sysctl_argument(c({"command": ["/sbin/sysctl", "-w", "kernel/x=0", "kernel.y=0"]}, {}), "kernel.x", "1") == [set("/command/2", "kernel/x=1")]
	edit.set_sysctl_argument(c({}, {}), "kernel.x", "1") == []
}

test_deny_devices if {
	rule := {"allow": false, "access": "rwm"}
	edit.deny_devices(c({}, {})) == [set("/resources/devices", [rule])]
	edit.deny_devices(c({"resources": {"devices": [{"allow": true}]}}, {"resources": {}})) == [set("/resources/devices", [rule, {"allow": true}])]
	edit.deny_devices(c({}, {"resources": {"pids": {"limit": 1}, "devices": [{"allow": true}]}})) == [
		set("/resources", {"pids": {"limit": 1}, "devices": [rule, {"allow": true}]}),
	]
}

test_without_sysctl if {
	edit.without_sysctl(c({"sysctl": {"kernel/x": "1", "kernel.y": "1"}}, {}), "kernel.x") == [out("/sysctl/kernel~1x")]
	edit.without_sysctl(c({}, {"sysctl": {"kernel.x": "1", "kernel.y": "1"}}), "kernel.x") == [set("/sysctl", {"kernel.y": "1"})]
}

test_words if {
	edit.word({"name": "a", "value": "1"}) == "a=1"
	edit.word({"name": "a", "value": null}) == "a"
}

test_own_namespace if {
	edit.own_namespace(c({}, {}), "user") == [set("/userns", "new")]
	edit.own_namespace(c({}, {}), "mount") == []
}

test_filtered if {
	edit.with_seccomp(c({}, {})) == [set("/seccomp", "default")] with input as testing.good
	edit.with_seccomp(c({}, {})) == [] with input as testing.kconfig("CONFIG_SECCOMP_FILTER", "n")
	edit.with_seccomp(c({}, {})) == [] with input as testing.kconfig("CONFIG_SECCOMP", "n")
	edit.with_seccomp(c({}, {})) == [set("/seccomp", "default")] with input as testing.no_config
}

test_confined if {
	edit.with_lsm(c({"selinux": "x"}, {}), "selinux") == [out("/selinux")] with input as testing.kconfigs({"CONFIG_SECURITY_SELINUX": "n"})
	with_selinux := testing.put(testing.kconfigs({"CONFIG_SECURITY_SELINUX": "y", "CONFIG_LSM": "yama"}), "/cmdline/params", [])
	edit.with_lsm(c({"selinux": "x"}, {}), "selinux") == [line("append", "lsm=selinux,yama")] with input as with_selinux
}

# at_x are the facts about the mount at /x.
at_x(written, label) := {"c": c(written, label), "path": "/mounts/0", "m": {"destination": "/x"}, "shows": {"/a"}}

test_read_only_below if {
	p := object.union(at_x({"binds": ["/a:/x:nosuid,ro"]}, {}), {"m": {"options": ["nosuid", "ro"]}})
	edit.read_only(p) == [set("/binds/0", "/a:/x:nosuid,rro")]
	system := object.union(at_x({"binds": ["/sys:/x"]}, {}), {"shows": {"/sys"}})
	edit.read_only(system) == [set("/binds/0", "/sys:/x:rro")]
}

by_init(m, written, label) := {"c": c(written, label), "path": "runtime:/mounts/3", "m": m}

test_runtime_mount if {
	disk := {"destination": "x", "options": ["suid", "noatime"]}
	other := {"destination": "/y"}
	mounts := {"runtime": {"mounts": [other, disk]}}
	edit.remount_placed(by_init(disk, mounts, {}), {"suid"}, ["nosuid"]) == [set("/runtime/mounts/1/options", ["noatime", "nosuid"])]
	edit.remount_placed(by_init(disk, {}, mounts), {"suid"}, ["nosuid"]) == [
		set("/runtime/mounts", [other, {"destination": "x", "options": ["noatime", "nosuid"]}]),
	]
	edit.without_placed_mount(by_init(disk, mounts, {})) == [cut("/runtime/mounts", disk)]
	edit.without_placed_mount(by_init(disk, {}, mounts)) == [set("/runtime/mounts", [other])]
	edit.without_placed_mount(at_x({"binds": ["/a:/x"]}, {})) == [cut("/binds", "/a:/x")]
}

test_without_bind_ns if {
	edit.without_bind_ns(c({"runtime": {"bindNS": {"net": "/x"}}}, {}), "net") == [out("/runtime/bindNS/net")]
	edit.without_bind_ns(c({}, {"runtime": {"bindNS": {"net": "/x"}}}), "net") == [set("/runtime/bindNS/net", "")]
}

test_safe_mode if {
	edit.safe_mode("666") == "0664"
	edit.safe_mode("4755") == "0755"
	edit.safe_mode("7") == "0005"
	edit.safe_mode("777") == "0775"
}

test_file if edit.file({"path": "/etc/a"}).id == "files/etc/a"

test_signed_modules if {
	edit.require_signed_modules == [line("remove", "module.sig_enforce=0"), line("append", "module.sig_enforce=1")] with input as boot([["module.sig_enforce", "0"]])
	edit.require_signed_modules == [] with input as testing.put(boot([]), "/kernel/config/options", {})
}

test_either if {
	edit.first_nonempty([], [1]) == [1]
	edit.first_nonempty([2], [1]) == [2]
}

sets(v) := {"key": "kernel.x", "value": v, "component": "services/web", "source": "spec", "order": 0}

test_moved_sysctl if {
	own := c({"sysctl": {"kernel.x": "1"}}, {})
	once := testing.put(boot([]), "/sysctl/settings", [sets("1")])
	edit.move_sysctl_to_cmdline(own, "kernel.x", "1") == [out("/sysctl/kernel.x"), line("append", "sysctl.kernel.x=1")] with input as once
	edit.move_sysctl_to_cmdline(own, "kernel.x", "1 2") == [out("/sysctl/kernel.x")] with input as once
	edit.move_sysctl_to_cmdline(own, "kernel.x", "1") == [out("/sysctl/kernel.x")] with input as testing.put(once, "/sysctl/settings/-", sets("2"))
	edit.move_sysctl_to_cmdline(own, "kernel.x", "1") == [out("/sysctl/kernel.x")] with input as testing.put(once, "/kernel/version", "5.4.0")
}

test_one_sysctl if {
	system := testing.put(testing.component_with("nginx", "/entry", {"sysctl": {"kernel.x": "1"}}), "/sysctl/settings", [
		{"key": "kernel.x", "value": "0", "component": "cmdline", "source": "cmdline", "order": 0},
		{"key": "kernel.x", "value": "1", "component": "services/nginx", "source": "spec", "order": 1},
		{"key": "kernel.x", "value": "2", "component": "services/report", "source": "spec", "order": 2},
	])
	words := [["sysctl.kernel.x", "0"], ["sysctl.kernel.x", "9"]]
	edit.without_overridden_sysctls("kernel.x") == [
		line("remove", "sysctl.kernel.x=0"),
		{"op": "remove", "component": "services/nginx", "path": "/sysctl/kernel.x"},
	] with input as testing.cmdline_of(system, words)
	in_image := testing.put(system, "/sysctl/settings/0", {"key": "kernel.x", "value": "0", "component": "onboot/sysctl", "source": "/etc/sysctl.d/x.conf", "order": 0})
	edit.without_overridden_sysctls("kernel.x") == [] with input as testing.cmdline_of(in_image, words)
}

test_no_sysctl if {
	system := testing.put(testing.component_with("nginx", "/entry", {"sysctl": {"kernel.x": "1"}}), "/sysctl/settings", [
		{"key": "kernel.x", "value": "1", "component": "services/nginx", "source": "spec", "order": 1},
		{"key": "kernel.y", "value": "1", "component": "onboot/sysctl", "source": "/etc/sysctl.conf", "order": 2},
	])
	edit.without_sysctl_settings("kernel.x") == [{"op": "remove", "component": "services/nginx", "path": "/sysctl/kernel.x"}] with input as system
	edit.without_sysctl_settings("kernel.y") == [] with input as system
}

test_without_key if {
	system := testing.component_with("nginx", "/entry", {"hostname": "web"})
	edit.without_key("services/nginx", "hostname") == [{"op": "remove", "component": "services/nginx", "path": "/hostname"}] with input as system
	edit.without_key("services/nginx", "net") == [] with input as system
	edit.without_key("services/other", "hostname") == [] with input as system
}

# The label has two mounts and os.yml has another: the edit changes the right one.
twice := {
	"id": "services/a",
	"entry": {"mounts": [{"type": "proc", "options": []}, {"destination": "/x", "type": "tmpfs", "options": []}]},
	"image": {"labels": {}},
}

test_mounts_by_destination if {
	edit.in_yaml(twice, "/x")
	edit.in_yaml(twice, "/proc")
	not edit.in_yaml(twice, "/y")
	not edit.in_yaml({"id": "services/a", "entry": {"mounts": [{"destination": "/x"}]}, "image": {"labels": {}}}, "/y")
	not edit.in_yaml({"id": "services/a", "entry": {"binds": ["/x:/x"]}, "image": {"labels": {}}}, "/y")
	edit.in_yaml({"id": "services/a", "entry": {"binds": ["/x:/x"]}, "image": {"labels": {}}}, "/x")
}

labelled(settings) := {"id": "services/a", "entry": {}, "image": {"labels": {"org.mobyproject.config": json.marshal(settings)}}}

test_label_mounts_by_destination if {
	both := {"binds": ["/a:/a", "/b:/b"], "mounts": [{"destination": "/c", "type": "tmpfs"}, {"destination": "/d", "type": "tmpfs"}], "tmpfs": ["/e", "/f"]}
	{e.path | some e in edit.without_mount(labelled(both), "/a")} == {"/binds"}
	{e.value | some e in edit.without_mount(labelled(both), "/a")} == {["/b:/b"]}
	{e.path | some e in edit.without_mount(labelled(both), "/c")} == {"/mounts"}
	{e.value | some e in edit.without_mount(labelled(both), "/c")} == {[{"destination": "/d", "type": "tmpfs"}]}
	{e.path | some e in edit.without_mount(labelled(both), "/e")} == {"/tmpfs"}
	{e.value | some e in edit.without_mount(labelled(both), "/e")} == {["/f"]}
	{e.path | some e in edit.remount(labelled(both), "/a", {"rw"}, ["ro"])} == {"/binds"}
	{e.path | some e in edit.remount(labelled(both), "/c", {"rw"}, ["ro"])} == {"/mounts"}
	{e.path | some e in edit.remount(labelled(both), "/e", {"rw"}, ["ro"])} == {"/tmpfs"}
}

test_no_sysctl_needs_all_of_them if {
	system := testing.put(boot([["sysctl.kernel.x", "0"]]), "/sysctl/settings", [
		{"key": "kernel.x", "value": "0", "component": "cmdline", "source": "cmdline", "order": 0},
		{"key": "kernel.x", "value": "0", "component": "onboot/sysctl", "source": "etc/sysctl.d/00.conf", "order": 1},
	])
	edit.without_sysctl_settings("kernel.x") == [] with input as system
}

test_put_sysctl if {
	edit.set_component_sysctl(c({"sysctl": {"net/ipv4/ip_forward": "1"}}, {}), "net.ipv4.ip_forward", "0") == [set("/sysctl/net~1ipv4~1ip_forward", "0")]
	edit.set_component_sysctl(c({}, {}), "net.ipv4.ip_forward", "0") == [set("/sysctl/net.ipv4.ip_forward", "0")]
}

# with_folders is a component with these empty folders in its image.
with_folders(entry, label, folders, mounts) := object.union(c(entry, label), {"files": {"emptyFolders": folders}, "spec": {"mounts": mounts}})

test_read_only_root_keeps_data_folders if {
	web := with_folders({"readonly": false}, {}, ["/run", "/run/sshd", "/var/empty/sshd", "/var/lib/dpkg/parts", "/var/lib/web", "/var/log/a b", "/var/log/web"], [{"destination": "/var/log"}, {"destination": "/"}])
	edit.data_folders(web) == ["/run", "/var/lib/web"]
	edit.read_only_root(web) == [
		set("/readonly", true),
		set("/tmpfs", ["/run:rw,nosuid,nodev,noexec,size=64m,mode=1777", "/var/lib/web:rw,nosuid,nodev,noexec,size=64m,mode=1777"]),
	]
	contains(edit.read_only_fix(web), "/run, /var/lib/web")
	edit.read_only_root(with_folders({}, {}, [], [])) == [set("/readonly", true)]
	contains(edit.read_only_fix(with_folders({}, {}, [], [])), "a bind for each folder")
}

test_read_only_root_keeps_other_tmpfs if {
	run := "/run:rw,nosuid,nodev,noexec,size=64m,mode=1777"
	edit.read_only_root(with_folders({"tmpfs": ["/x"]}, {}, ["/run", "/x"], [{"destination": "/x"}])) == [set("/readonly", true), more("/tmpfs", run)]
	edit.read_only_root(with_folders({}, {"tmpfs": ["/run/a"]}, ["/run", "/var/b"], [{"destination": "/run/a/"}])) == [
		set("/readonly", true),
		set("/tmpfs", ["/run/a", "/var/b:rw,nosuid,nodev,noexec,size=64m,mode=1777"]),
	]
}
