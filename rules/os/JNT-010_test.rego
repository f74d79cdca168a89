package seaworthy.test.JNT_010

import data.seaworthy.outcome
import data.seaworthy.rules.JNT_010 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_usr if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/usr/lib", "type": "bind", "source": "/var/x", "options": ["rbind", "rw"]})

test_fires_entrypoint if t.fires(fail, "component:services/nginx") with input as t.put(t.nginx_mount({"destination": "/opt", "type": "bind", "source": "/var/x", "options": ["bind"]}), "/components/4/spec/process/args", ["/opt/app/run"])

test_fires_root if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/", "type": "bind", "source": "/var/x", "options": ["rbind", "rw"]})

test_silent_data if t.silent(fail) with input as t.nginx_mount({"destination": "/data", "type": "bind", "source": "/var/x", "options": ["rbind", "rw"]})

test_silent_ro if t.silent(fail) with input as t.nginx_mount({"destination": "/usr/lib", "type": "bind", "source": "/var/x", "options": ["rbind", "ro"]})

test_silent_writable_root_is_mnt_001 if {
	s0 := t.nginx_mount({"destination": "/usr", "type": "bind", "source": "/var/x", "options": ["bind"]})
	t.silent(fail) with input as t.put(s0, "/components/4/spec/root/readonly", false)
}

test_unknown_no_spec if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_spec
	t.silent(fail) with input as t.no_spec
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_mount({"destination": "/usr/lib", "type": "bind", "source": "/var/x", "options": ["rbind", "rw"]})
	found := fail with input as system_now
	allowance := [t.allowance("JNT-010", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

test_fires_disk if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/usr", "type": "ext4", "source": "/var/x", "options": ["rw"]})

test_fires_tmpfs if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/usr/local", "type": "tmpfs", "source": "tmpfs", "options": ["nosuid", "nodev"]})

test_fires_copy if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/usr/lib", "type": "tmpfs", "source": "tmpfs", "options": ["noexec", "tmpcopyup"]})

test_fires_overlay if t.fires(fail, "component:services/nginx") with input as t.nginx_mount({"destination": "/usr", "type": "overlay", "source": "overlay", "options": ["lowerdir=/var/a", "upperdir=/var/b", "workdir=/var/c"]})

test_silent_inert if t.silent(fail) with input as t.nginx_mount({"destination": "/usr/share/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["noexec"]})

test_silent_tmpfs_ro if t.silent(fail) with input as t.nginx_mount({"destination": "/usr/share/tmp", "type": "tmpfs", "source": "tmpfs", "options": ["ro"]})

in_path(path, destination) := json.patch(t.nginx_mount({"destination": destination, "type": "bind", "source": "/var/app", "options": ["rw"]}), [
	{"op": "add", "path": "/components/4/spec/process/args", "value": ["server", "-v"]},
	{"op": "add", "path": "/components/4/spec/process/env", "value": ["A=1", path]},
])

test_fires_in_path if t.fires(fail, "component:services/nginx") with input as in_path("PATH=/usr/bin:/opt/app/bin", "/opt/app")

test_silent_beside_path if {
	t.silent(fail) with input as in_path("PATH=/usr/bin:/opt/app/bin", "/opt/data")
	t.silent(fail) with input as in_path("MYPATH=/opt/app/bin", "/opt/app")
}

test_fires_relative_path if {
	t.fires(fail, "component:services/nginx") with input as in_path("PATH=relative:/usr/bin", "/relative")
	t.fires(fail, "component:services/nginx") with input as t.put(in_path("PATH=:/usr/bin", "/data"), "/components/4/spec/process/cwd", "/data/x")
}

test_lists_changed_programs if {
	{f.actual | some f in fail} == {"read-only root, but /var/app is writable over /opt/app/a/server (it runs server), /opt/app/b/server (it runs server)"} with input as in_path("PATH=/opt/app/b:/opt/app/a", "/opt/app")
}

# A data folder that contains a program of the component.
from_data(options, process) := json.patch(t.nginx_mount({"destination": "/data", "type": "bind", "source": "/var/app", "options": options}), [
{"op": "add", "path": concat("", ["/components/4/spec/process/", key]), "value": value} |
	some key, value in process
])

test_fires_from_data if {
	every process in [
		{"args": ["./svc"], "cwd": "/data"},
		{"args": ["sh", "/data/run.sh"]},
		{"args": ["/bin/x"], "env": ["LD_PRELOAD=/data/x.so"]},
	] {
		found := fail with input as from_data(["rw"], process)
		t.fires(found, "component:services/nginx")
	}
}

# An executed file needs a mount without noexec.
test_noexec if {
	t.silent(fail) with input as from_data(["rw", "noexec"], {"args": ["./svc"], "cwd": "/data"})
	t.fires(fail, "component:services/nginx") with input as from_data(["rw", "noexec"], {"args": ["sh", "/data/run.sh"]})
	t.silent(fail) with input as from_data(["ro"], {"args": ["sh", "/data/run.sh"]})
}

test_silent_mounted_over if {
	over := t.put(from_data(["rw"], {"args": ["/data/bin/x"]}), "/components/4/spec/mounts/-", {"destination": "/data/bin", "type": "bind", "source": "/srv/x", "options": ["ro"]})
	t.silent(fail) with input as over
}

# services/report writes to the folder that contains the program of nginx.
shared(flags) := t.put(
	t.put(t.nginx_mount({"destination": "/opt", "type": "bind", "source": "/var/app", "options": array.concat(["rbind", "ro"], flags)}), "/components/4/spec/process/args", ["/opt/run"]),
	"/components/5/spec/mounts/-",
	{"destination": "/data", "type": "bind", "source": "/var", "options": ["rbind", "rw"]},
)

test_fires_others if {
	system := shared([])
	found := fail with input as system
	some f in found
	f.key == "others:/opt"
	contains(f.message, "services/report can change: /opt/run")
}

test_fires_others_script if {
	system := t.put(shared(["noexec"]), "/components/4/spec/process/args", ["/bin/sh", "/opt/run"])
	t.fires(fail, "component:services/nginx") with input as system
}

test_silent_others_noexec if {
	system := shared(["noexec"])
	t.silent(fail) with input as system
}

test_silent_others_at_boot if {
	system := t.put(shared([]), "/components/5/section", "onboot")
	t.silent(fail) with input as system
}
