package seaworthy.test.JNT_015

import data.seaworthy.outcome
import data.seaworthy.rules.JNT_015 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_before if {
	s0 := t.spec_with("dhcp", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	t.fires(fail, "component:onboot/dhcp") with input as t.put(s0, "/sysctl/settings/-", {"key": "kernel.modules_disabled", "value": "1", "component": "onboot/sysctl", "source": "x", "order": 2000})
}

test_fires_cmdline if {
	s0 := t.spec_with("dhcp", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	t.fires(fail, "component:onboot/dhcp") with input as t.put(s0, "/sysctl/settings", [{"key": "kernel.modules_disabled", "value": "1", "component": "cmdline", "source": "cmdline", "order": 0}])
}

test_silent_after if {
	s0 := t.spec_with("sysctl", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	t.silent(fail) with input as t.put(s0, "/sysctl/settings", [{"key": "kernel.modules_disabled", "value": "1", "component": "onboot/dhcp", "source": "x", "order": 0}])
}

test_silent_no_loader if t.silent(fail) with input as t.good

test_silent_no_modules if {
	s0 := t.spec_with("dhcp", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	t.silent(fail) with input as t.put(s0, "/kernel/config/options/CONFIG_MODULES", "n")
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.spec_with("dhcp", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))

test_allowed if {
	s0 := t.spec_with("dhcp", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	system_now := t.put(s0, "/sysctl/settings/-", {"key": "kernel.modules_disabled", "value": "1", "component": "onboot/sysctl", "source": "x", "order": 2000})
	found := fail with input as system_now
	allowance := [t.allowance("JNT-015", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:onboot/dhcp") with input as system_now with data.components as allowance
}

test_silent_other_key if {
	s0 := t.spec_with("dhcp", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	t.silent(fail) with input as t.put(s0, "/sysctl/settings", [
		{"key": "kernel.sysrq", "value": "1", "component": "onboot/sysctl", "source": "x", "order": 0},
		{"key": "kernel.sysrq", "value": "1", "component": "cmdline", "source": "cmdline", "order": 1},
	])
}

test_silent_itself if {
	system := t.put(t.put(t.good, "/sysctl/settings", [{"key": "kernel.modules_disabled", "value": "1", "component": "onboot/sysctl", "source": "x", "order": 1}]), "/components/2/spec/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	t.silent(fail) with input as system
}

test_edit_takes_that_parameter if {
	loader := t.spec_with("dhcp", "/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	system := t.put(
		t.put(loader, "/sysctl/settings", [{"key": "kernel.modules_disabled", "value": "1", "component": "cmdline", "source": "cmdline", "order": 0}]),
		"/cmdline/params", [{"name": "quiet", "value": null, "index": 0}, {"name": "sysctl.kernel.modules_disabled", "value": "1", "index": 1}],
	)
	some f in fail with input as system
	f.edits == [{"op": "remove", "path": "/kernel/cmdline", "value": "sysctl.kernel.modules_disabled=1"}]
}

on_cmdline(system) := t.put(system, "/sysctl/settings", [{"key": "kernel.modules_disabled", "value": "1", "component": "cmdline", "source": "cmdline", "order": 0}])

by_sysctl(system) := t.put(system, "/sysctl/settings/-", {"key": "kernel.modules_disabled", "value": "1", "component": "onboot/sysctl", "source": "x", "order": 2000})

with_modules(system, names) := t.put(system, "/kernel/modules", names)

# Services start after all onboot components.
test_fires_service if {
	loader := t.nginx_with("/process/capabilities", t.capabilities(["CAP_SYS_MODULE"]))
	t.fires(fail, "component:services/nginx") with input as by_sysctl(loader)
	t.fires(fail, "component:services/nginx") with input as t.put(by_sysctl(loader), "/components/4/index", 0)
}

listing(names) := t.put(t.good, "/files", [{"path": "/etc/modules-load.d/a.conf", "modules": names, "origin": t.origin}])

test_fires_files if {
	system := with_modules(listing(["nf-tables", "ext4"]), ["nf_tables"])
	some f in fail with input as on_cmdline(system)
	f.resource == "file:/etc/modules-load.d/a.conf"
	contains(f.message, "init loads nf_tables because of /etc/modules-load.d/a.conf")
	"file:/etc/modules-load.d/a.conf" in rule.checked with input as on_cmdline(system)
	t.silent(fail) with input as t.put(on_cmdline(system), "/kernel/config/options/CONFIG_MODULES", "n")
}

# Init loads them before the components start.
test_silent_files_before_components if t.silent(fail) with input as by_sysctl(with_modules(listing(["nf_tables"]), ["nf_tables"]))

# The module is built in, so nothing is loaded.
test_silent_files_built_in if t.silent(fail) with input as on_cmdline(with_modules(listing(["nf_tables"]), ["ext4"]))

test_fires_image if {
	system := with_modules(t.put(t.good, "/components/1/files/modulesLoad", ["nf_tables"]), ["nf_tables"])
	t.fires(fail, "component:init/000") with input as on_cmdline(system)
	"component:init/000" in rule.checked with input as system
	t.silent(fail) with input as by_sysctl(system)
	t.silent(fail) with input as t.put(on_cmdline(system), "/kernel/config/options/CONFIG_MODULES", "n")
}

# Init does not read the file of a service.
test_silent_image_of_service if {
	t.silent(fail) with input as on_cmdline(with_modules(t.put(t.good, "/components/4/files/modulesLoad", ["nf_tables"]), ["nf_tables"]))
}

needing(index, key, value) := with_modules(t.put(t.good, sprintf("/components/%d/runtime", [index]), {key: [value]}), ["overlay", "wireguard"])

test_fires_mount if {
	system := needing(4, "mounts", {"type": "overlay"})
	some f in fail with input as by_sysctl(system)
	f.resource == "component:services/nginx"
	contains(f.message, "init loads the module overlay for services/nginx")
	contains(f.fix, "/etc/modules-load.d")
	t.fires(fail, "component:services/nginx") with input as on_cmdline(system)
}

test_fires_interface if {
	t.fires(fail, "component:onboot/dhcp") with input as by_sysctl(needing(3, "interfaces", {"name": "wg0", "add": "wireguard"}))
}

test_silent_interface_that_exists if t.silent(fail) with input as on_cmdline(needing(3, "interfaces", {"name": "eth0"}))

test_silent_built_in_overlay if t.silent(fail) with input as by_sysctl(with_modules(needing(4, "mounts", {"type": "overlay"}), []))

# An earlier component, or a file, has loaded the module.
test_silent_loaded_before if {
	system := t.put(needing(4, "mounts", {"type": "overlay"}), "/components/2/runtime", {"mounts": [{"type": "overlay"}]})
	t.silent(fail) with input as by_sysctl(system)
	late := {f.resource | some f in fail} with input as on_cmdline(system)
	late == {"component:onboot/sysctl", "component:services/nginx"}
}

test_silent_loaded_by_file if {
	system := t.put(needing(4, "mounts", {"type": "overlay"}), "/files", [{"path": "/etc/modules-load.d/a.conf", "modules": ["overlay"], "origin": t.origin}])
	t.silent(fail) with input as by_sysctl(system)
}

test_silent_loaded_by_image if {
	system := t.put(needing(4, "mounts", {"type": "overlay"}), "/components/1/files/modulesLoad", ["overlay"])
	t.silent(fail) with input as by_sysctl(system)
}

# An onboot component after the sysctl loads nothing for later ones.
test_fires_loaded_too_late if {
	system := t.put(needing(4, "mounts", {"type": "overlay"}), "/components/3/runtime", {"mounts": [{"type": "overlay"}]})
	late := {f.resource | some f in fail} with input as by_sysctl(system)
	late == {"component:onboot/dhcp", "component:services/nginx"}
}

verified_root(modules) := with_modules(t.put(t.good, "/formats", [{"name": "kernel+squashfs", "attributes": true, "verified": true}]), modules)

test_fires_root if {
	t.fires(fail, "cmdline:sysctl.kernel.modules_disabled") with input as on_cmdline(verified_root(["dm_verity", "squashfs"]))
	"cmdline:sysctl.kernel.modules_disabled" in rule.checked with input as on_cmdline(verified_root([]))
	t.silent(fail) with input as by_sysctl(verified_root(["dm_verity"]))
	t.silent(fail) with input as on_cmdline(verified_root(["squashfs"]))
	t.silent(fail) with input as on_cmdline(with_modules(t.good, ["dm_verity"]))
	t.silent(fail) with input as t.put(on_cmdline(verified_root(["dm_verity"])), "/kernel/config/options/CONFIG_MODULES", "n")
}

test_silent_onshutdown if {
	system := t.put(t.nginx_with("/process/capabilities", t.capabilities(["CAP_SYS_MODULE"])), "/components/4/section", "onshutdown")
	t.silent(fail) with input as by_sysctl(system)
}
