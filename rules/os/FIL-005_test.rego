package seaworthy.test.FIL_005

import data.seaworthy.rules.FIL_005 as rule
import data.seaworthy.testing as t

with_file(path, kind) := t.put(t.good, "/files/-", {"path": path, "type": kind, "mode": "755", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "", "size": 1, "digest": "", "secret": "", "origin": t.origin})

test_fires if {
	every path in ["/init", "/usr/bin/crun", "/usr/bin/../bin/x", "/lib/ld-musl-x86_64.so.1", "/usr/local/bin/runc", "/etc/ld.so.preload"] {
		found := rule.fail with input as with_file(path, "file")
		t.fires(found, sprintf("file:%s", [path]))
	}
}

test_fires_link if {
	every path in ["/usr", "/usr/local", "/bin"] {
		found := rule.fail with input as with_file(path, "symlink")
		t.fires(found, sprintf("file:%s", [path]))
	}
}

test_silent if {
	every path in ["/etc/web.conf", "/usr/share/web/x", "/usr/local/bin/tool", "/etc/docker/daemon.json", "/etc/initial", "/etc/linuxkit-config", "/etc/sysctl.d/x.conf", "/lib/sysctl.d/x.conf", "/opt/web/run.sh", "/lib/firmware/x.bin", "/usr/lib/firmware/x.bin", "/initial", "/srv/usr/bin/x"] {
		found := rule.fail with input as with_file(path, "file")
		t.silent(found)
	}
}

test_silent_folder if t.silent(rule.fail) with input as with_file("/usr/bin", "dir")

test_checked if rule.checked == {"file:/etc/x"} with input as with_file("/etc/x", "file")

test_fires_run_by_init if {
	every path in [
		"/etc/init.d/099-x", "/etc/inittab", "/etc/rc.local", "/etc/rc3.d/S01x", "/etc/profile.d/x.sh", "/etc/modprobe.d/x.conf", "/etc/containerd/config.toml",
		"/etc/ld-musl-x86_64.path", "/etc/passwd", "/etc/shadow", "/usr/local/bin/runc", "/usr/local/sbin/modprobe", "/usr/local/lib/libc.so", "/root/.profile", "/etc", "/usr/local", "/opt/cni/bin/x",
	] {
		found := rule.fail with input as with_file(path, "file")
		t.fires(found, sprintf("file:%s", [path]))
	}
}

# Programs that the kernel starts.
test_fires_named if {
	named := t.put(with_file("/srv/x", "file"), "/cmdline/params/-", {"name": "init", "value": "/srv/x", "index": 1000})
	t.fires(rule.fail, "file:/srv/x") with input as named
	option := t.put(with_file("/srv/x", "file"), "/kernel/config/options/CONFIG_MODPROBE_PATH", "/srv/x")
	t.fires(rule.fail, "file:/srv/x") with input as option
	pipe := t.put(with_file("/srv/x", "file"), "/sysctl/settings/-", {"key": "kernel.core_pattern", "value": "|/srv/x %p", "component": "onboot/sysctl", "source": "x", "order": 1000})
	t.fires(rule.fail, "file:/srv/x") with input as pipe
	t.silent(rule.fail) with input as with_file("/srv/x", "file")
}

# A file of modules-load.d that only names modules is not reported.
modules_file(path, kind, names) := t.put(with_file(path, kind), "/files/0/modules", names)

test_silent_names_modules if {
	t.silent(rule.fail) with input as modules_file("/etc/modules-load.d/disks.conf", "file", ["dm_crypt"])
}

test_fires_other_modules if {
	every case in [
		["/etc/modules-load.d/disks.conf", "file", []],
		["/etc/modules-load.d/disks.conf", "symlink", ["dm_crypt"]],
		["/etc/modules-load.d", "file", ["dm_crypt"]],
		["/etc/modules-load.d", "symlink", []],
		["/etc/modules-load.d/x/disks.conf", "file", ["dm_crypt"]],
		["/etc/modules-load.d/disks", "file", ["dm_crypt"]],
		["/etc/modprobe.d/disks.conf", "file", ["dm_crypt"]],
		["/etc/modules", "file", ["dm_crypt"]],
		["/usr/bin/crun", "file", ["dm_crypt"]],
	] {
		found := rule.fail with input as modules_file(case[0], case[1], case[2])
		t.fires(found, sprintf("file:%s", [case[0]]))
	}
	t.fires(rule.fail, "file:/etc/modules-load.d/x.conf") with input as with_file("/etc/modules-load.d/x.conf", "file")
}

# A link leads the folder to programs.
test_fires_modules_elsewhere if {
	linked := t.put(modules_file("/etc/modules-load.d/init.conf", "file", ["dm_crypt"]), "/files/-", {"path": "/etc/modules-load.d", "type": "symlink", "link": "/usr/bin", "mode": "777", "uid": 0, "gid": 0, "source": "", "metadata": "", "size": 0, "digest": "", "secret": "", "modules": [], "origin": t.origin})
	t.fires_also(rule.fail, "file:/etc/modules-load.d/init.conf") with input as linked
}
