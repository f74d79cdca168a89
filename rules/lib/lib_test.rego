package seaworthy.test.lib

import data.seaworthy.given
import data.seaworthy.kernel
import data.seaworthy.lib
import data.seaworthy.testing as t

test_given_at_the_root if {
	given.kconfig == [1] with data.kconfig as [1]
	given.cmdline == [1] with data.cmdline as [1]
	given.sysctl == [1] with data.sysctl as [1]
	given.aliases == {"a": "b"} with data.aliases as {"a": "b"}
	given.helpers == [1] with data.helpers as [1]
	given.single == [1] with data.single as [1]
	given.components == [1] with data.components as [1]
	given.params == {"a": 1} with data.params as {"a": 1}
	given.distros == [1] with data.distros as [1]
	given.kernels == [1] with data.kernels as [1]
	given.programs == [1] with data.programs as [1]
	given.devices == [1] with data.devices as [1]
	given.fragment == {"order": []} with data.fragment as {"order": []}
}

test_given_by_the_engine if {
	given.date == "2026-12-01" with data.seaworthy.date as "2026-12-01"
	given.policy == [{"name": "x"}] with data.seaworthy.policy as [{"name": "x"}]
}

test_given_below_data if {
	below := {"kconfig": [2], "cmdline": [2], "sysctl": [2], "components": [2], "params": {"a": 2}, "distros": [2], "kernels": [2], "fragment": {"order": []}, "devices": [2], "aliases": {"a": "b"}, "single": [2], "helpers": [2], "programs": [2]}
	given.kconfig == [2] with data.kconfig as false with data.data as below
	given.cmdline == [2] with data.cmdline as false with data.data as below
	given.sysctl == [2] with data.sysctl as false with data.data as below
	given.aliases == {"a": "b"} with data.aliases as false with data.data as below
	given.helpers == [2] with data.helpers as false with data.data as below
	given.single == [2] with data.single as false with data.data as below
	given.components == [2] with data.components as false with data.data as below
	given.params == {"a": 2} with data.params as false with data.data as below
	given.distros == [2] with data.distros as false with data.data as below
	given.kernels == [2] with data.kernels as false with data.data as below
	given.fragment == {"order": []} with data.fragment as false with data.data as below
	given.devices == [2] with data.devices as false with data.data as below
	given.programs == [2] with data.programs as false with data.data as below
}

test_clean if {
	lib.clean("/a//b/./c/") == "/a/b/c"
	lib.clean("a/b") == "/a/b"
	lib.clean("") == "/"
	lib.clean("/a/../b") == "/b"
	lib.clean("/a/b/../../c") == "/c"
	lib.clean("/../../../..") == "/"
	lib.clean("/var/run") == "/var/run"
}

test_under if {
	lib.under("/a", "/a")
	lib.under("/a/b", "/a")
	lib.under("/a", "/")
	not lib.under("/ab", "/a")
}

test_null_lists if {
	lib.arr(null) == []
	lib.obj(null) == {}
	lib.str(null) == ""
}

test_secrets if {
	lib.secret_in("x ghp_abcdefghijklmnopqrst0123456789")
	lib.secret_in("postgres://user:hunter22@db/x")
	lib.secret_in("db_password=hunter22")
	lib.secret_in("API-KEY = abcdef0123")
	not lib.secret_in("PASSWORD_FILE=/run/secrets/x")
	not lib.secret_in("PASSWORD=$PASSWORD")
	not lib.secret_in("token=")
	not lib.secret_in("tokenizer=wordpiece")
	not lib.secret_in("authorized_keys=/x")
}

test_secrets_by_other_names if {
	every text in [
		"DB_PASS=hunter22", "PASS=hunter22", "mysql.pwd=hunter22", "PASSWORD1=hunter22", "TOKEN_B=abcdef0123", "SECRET_KEY_BASE=abcdef0123", "JWT_KEY=abcdef01",
		"RUN mysql --password hunter22", "RUN x --api-key=abcdef01", "-password hunter22", "RUN echo 'root:hunter22' | chpasswd",
		"RUN curl -H 'Authorization: Bearer abcdefghijklmnopqrst'", "authorization: basic dXNlcjpwYXNz", "KEY=LS0tLS1CRUdJTiBSU0EgUFJJVkFURSBLRVktLS0tLQ==",
		"CFG=LS0tLS1CRUdJTiBPUEVOU1NIIFBSSVZBVEUgS0VZLS0tLS0K",
	] {
		lib.secret_in(text)
	}
	every text in [
		"BYPASS=always", "PWD=current", "OLDPWD=current", "TOKEN_TYPE=Bearer", "SECRET_NAME=database", "COMPASS=north", "PUBLIC_KEY=abcdef01", "GPG_KEY=A035C8C19219BA821ECEA86B64E628F8D684696D",
		"RUN docker login --password-stdin", "RUN --mount=type=secret,id=npmrc npm ci", "x --password $PASSWORD", "--token --verbose", "Bearer token", "LS0tLS1CRUdJTiBDRVJUSUZJQ0FURS0tLS0t",
		"echo \"root:$PASSWORD\" | chpasswd",
	] {
		not lib.secret_in(text)
	}
}

test_secrets_by_value if {
	every text in [
		"DB_PASSWORD_PROD=tR4vel8Xq0Zk", "redis://:hunter22@db", "web:hunter22@tcp(db:3306)/web", "config={\"password\": \"hunter22\"}",
		"PASSWORD=true PASSWORD=hunter22",
	] {
		lib.secret_in(text)
	}
}

test_no_secrets_by_value if {
	every text in ["REQUIRE_PASSWORD=true", "passwd=1:4.13+dfsg1-1", "TOKEN_TTL=3600seconds", "TOKEN_URL_1=/run/x", "libsecret=0.21.4"] {
		not lib.secret_in(text)
	}
}

test_literal if {
	lib.literal_dollar_secret("DB_PASSWORD=$ecret-22")
	not lib.literal_dollar_secret("DB_PASSWORD=$DB_PASSWORD")
	not lib.literal_dollar_secret("DB_PASSWORD=${DB}")
}

test_secret_name if {
	lib.secret_name("x db_password=hunter22") == "db_password"
	lib.secret_name("URL=postgres://user:hunter22@db/x") == "URL"
	lib.secret_name("postgres://user:hunter22@db/x") == "token"
}

test_lsm_built if {
	system := t.kconfigs({"CONFIG_SECURITY_SMACK": "y", "CONFIG_SECURITY_TOMOYO": "y", "CONFIG_LSM": "smack,tomoyo"})
	kernel.lsm_active("smack") with input as system
	kernel.lsm_active("tomoyo") with input as system
	not kernel.lsm_active("yama") with input as system
}

test_lsm_security_param if {
	system := t.put(t.kconfigs({"CONFIG_SECURITY_SELINUX": "y", "CONFIG_LSM": "selinux,apparmor"}), "/cmdline/params/-", {"name": "security", "value": "apparmor", "index": 2000})
	kernel.lsm_active("apparmor") with input as system
	not kernel.lsm_active("selinux") with input as system
}

test_lockdown_is_undefined_without_config if {
	not kernel.lockdown with input as t.no_config
	not kernel.locked_down with input as t.no_config
	not kernel.modules_signed with input as t.no_config
	not kernel.off("CONFIG_MODULES") with input as t.no_config
}

test_stronger_lockdown_wins if {
	system := t.cmdline_of(t.kconfigs(t.open_kernel), [["lockdown", "confidentiality"], ["lockdown", "integrity"]])
	kernel.lockdown == "confidentiality" with input as system
}

test_version if {
	kernel.version == [6, 1] with input as t.put(t.good, "/kernel/version", "6.1.0-56-cloud-amd64")
	kernel.version == [6, 12] with input as t.put(t.good, "/kernel/version", "v6.12")
	not kernel.version with input as t.put(t.good, "/kernel/version", "linux")
	kernel.older_than("6.2") with input as t.put(t.good, "/kernel/version", "6.1.0")
	not kernel.older_than("6.2") with input as t.put(t.good, "/kernel/version", "6.12.0")
	kernel.at_least("5.19") with input as t.put(t.good, "/kernel/version", "6.1.0")
}

test_last_of_many if {
	kernel.last_value("a") == "2" with input as t.cmdline([["a", "1"], ["a", "2"]])
	kernel.last_value("a") == "" with input as t.cmdline([["a", "1"], ["a", null]])
	not kernel.last_value("b") with input as t.cmdline([["a", "1"]])
}

test_device_without_type_is_all if {
	lib.all_devices({"spec": {"linux": {"resources": {"devices": [{"allow": true, "access": "rwm"}]}}}})
	not lib.all_devices({"spec": {"linux": {"resources": {"devices": [{"allow": true, "type": "c", "major": 0, "minor": 0, "access": "rwm"}]}}}})
	not lib.all_devices({"spec": {"linux": {"resources": {"devices": [{"allow": false, "access": "rwm"}]}}}})
}

test_lockdown_by_list if {
	changes := object.union(t.open_kernel, {"CONFIG_SECURITY_LOCKDOWN_LSM_EARLY": "n"})
	kernel.lockdown == "integrity" with input as t.cmdline_of(t.kconfigs(changes), [["lockdown", "integrity"]])
}

test_one_line if {
	lib.one_line({"b", "a"}) == "a, b"
	lib.one_line(numbers.range(10, 19)) == "10, 11, 12, 13, 14, 15, 16, 17, 18, 19"
	lib.one_line(numbers.range(10, 20)) == "10, 11, 12, 13, 14, 15, 16, 17 and 3 more"
}

test_allowance_by_name if {
	entry := {
		"section": "onboot", "name": "rngd*", "repository": "docker.io/linuxkit/rngd",
		"reason": "a test", "rules": {"XXX-001": ["k"]},
	}
	image := {"registry": "docker.io", "repository": "linuxkit/rngd", "digest": "sha256:1"}
	c := {"id": "onboot/rngd1", "section": "onboot", "name": "rngd1", "image": image}
	f := {"id": "XXX-001", "resource": "component:onboot/rngd1", "key": "k"}
	lib.allowed(f).reason == "allowed: a test" with input as {"components": [c]} with data.components as [entry]
	same := object.union(entry, {"name": "rngd1"})
	lib.allowed(f) with input as {"components": [c]} with data.components as [same]
	every patch in [
		{"name": "rngd"}, {"name": "ngd*"}, {"section": "services"}, {"repository": "linuxkit/rngd"},
		{"repository": "evil.example/linuxkit/rngd"}, {"rules": {"XXX-001": ["j"]}}, {"rules": {"XXX-002": ["k"]}},
	] {
		other := json.patch(entry, [{"op": "replace", "path": sprintf("/%s", [k]), "value": v} | some k, v in patch])
		not lib.allowed(f) with input as {"components": [c]} with data.components as [other]
	}
}

# A file that a truncated list lacks may break a rule.
test_files_cut_off if {
	system := t.nginx_files("truncated", true)
	some entry in lib.no_files with input as system
	entry.resource == "component:services/nginx"
	contains(entry.reason, "not checked")
	count(lib.inventoried) == count(t.good.components) with input as system
}

test_is_one_of if {
	c := {"name": "web", "image": {"repository": "org/nginx"}}
	lib.is_one_of(c, ["web"])
	lib.is_one_of(c, ["org/nginx"])
	lib.is_one_of(c, ["nginx"])
	not lib.is_one_of(c, ["org", "ginx", "org/web"])
}

test_one_line if {
	ten := [sprintf("%02d", [i]) | some i in numbers.range(1, 10)]
	lib.one_line(ten) == "01, 02, 03, 04, 05, 06, 07, 08, 09, 10"
	lib.one_line(array.concat(ten, ["11"])) == "01, 02, 03, 04, 05, 06, 07, 08 and 3 more"
}

test_kernel_resource if {
	kernel.kernel_resource == "image:ship" with input as {"name": "ship", "components": [{"id": "init/000"}]}
	kernel.kernel_resource == "component:kernel" with input as {"name": "ship", "components": [{"id": "kernel"}]}
}

test_versions if {
	not kernel.older_than("6.12") with input as {"kernel": {"version": "6.12.1"}}
	kernel.older_than("6.13") with input as {"kernel": {"version": "6.12.1"}}
	kernel.at_least("6.12") with input as {"kernel": {"version": "6.12.1"}}
}

test_dashes_are_no_parameter if {
	{p.name | some p in kernel.params} == {"quiet"} with input as {"cmdline": {"params": [
		{"name": "quiet", "value": null, "index": 0},
		{"name": "--", "value": null, "index": 1},
		{"name": "single", "value": null, "index": 2},
		{"name": "--", "value": null, "index": 3},
	]}}
}

test_all_but_three if {
	known := sort(lib.known_caps)
	n := count(known)
	three := {"id": "a", "spec": {"process": {"capabilities": {"bounding": array.slice(known, 0, n - 3)}}}}
	four := {"id": "b", "spec": {"process": {"capabilities": {"bounding": array.slice(known, 0, n - 4)}}}}
	lib.all_caps(three) with input as {"components": [three, four]}
	not lib.all_caps(four) with input as {"components": [three, four]}
}

test_no_climb if {
	lib.no_climb("/a/../b") == "/"
	lib.no_climb("/a/b") == "/a/b"
}

# The same variable can appear twice, from the image and from os.yml.
test_env if {
	c := {"spec": {"process": {"env": ["=x", "A=1", "A=TRUE", "AB=2", "none"]}}}
	lib.has_env(c, "A", {"1"})
	lib.has_env(c, "A", {"true"})
	not lib.has_env(c, "A", {"2"})
	not lib.has_env(c, "none", {""})
}

test_contrary_edit if {
	t.contrary_edit({"expected": true, "edits": [{"value": false}]})
	not t.contrary_edit({"expected": true, "edits": [{"value": true}]})
	not t.contrary_edit({"expected": "none", "edits": [{"value": false}]})
}

test_apparmor_switched_off if {
	kernel.lsm_active("apparmor") with input as t.good
	not kernel.lsm_active("apparmor") with input as t.cmdline_add("apparmor", "0x0")
	not kernel.lsm_active("apparmor") with input as t.cmdline_add("apparmor.enabled", "N")
	kernel.lsm_active("apparmor") with input as t.cmdline_add("apparmor.enabled", "Y")
}

# as_program is the good system where nginx runs another program, with packages.
as_program(args, program, packages) := json.patch(t.good, [
	{"op": "replace", "path": "/components/4/spec/process/args", "value": args},
	{"op": "replace", "path": "/components/4/program", "value": object.union(t.good.components[4].program, program)},
	{"op": "replace", "path": "/components/4/sbom/packages", "value": packages},
])

package_of(name) := [{"name": name, "type": "deb"}]

rows(system) := names if {
	rows := object.get(lib.observed, "component:services/nginx", []) with input as system
	names := {name | some row in rows; some name in row.names}
}

chronyd := {"name": "chronyd", "path": "/usr/sbin/chronyd"}

test_observed if {
	rows(as_program(["chronyd"], chronyd, package_of("chrony"))) == {"chronyd"}
	applet := {"name": "/usr/sbin/ntpd", "path": "/bin/busybox"}
	rows(as_program(["/usr/sbin/ntpd"], applet, package_of("busybox"))) == {"ntpd"}
	rows(as_program(["busybox", "ntpd"], {"name": "busybox", "path": "/bin/busybox"}, package_of("busybox"))) == {"ntpd"}
}

# The name alone is only a claim.
test_not_observed if {
	every system in [
		as_program(["chronyd"], chronyd, package_of("web")),
		as_program(["chronyd"], chronyd, [{"name": "chrony", "type": "npm"}]),
		as_program(["chronyd"], {"name": "chronyd", "path": "/opt/x"}, package_of("chrony")),
		as_program(["chronyd"], object.union(chronyd, {"state": "unknown"}), package_of("chrony")),
		as_program(["chronyd"], object.union(chronyd, {"format": "script"}), package_of("chrony")),
		as_program(["/bin/sh", "-c", "chronyd"], {"name": "/bin/sh", "path": "/bin/sh"}, package_of("chrony")),
		as_program(["busybox"], {"name": "busybox", "path": "/bin/busybox"}, package_of("busybox")),
		t.put(as_program(["chronyd"], chronyd, package_of("chrony")), "/components/4/section", "onshutdown"),
	] {
		none(rows(system))
	}
}

none(set) if count(set) == 0

test_observed_allows if {
	system := as_program(["chronyd"], chronyd, package_of("chrony"))
	about := {"id": "CAP-007", "resource": "component:services/nginx", "key": "CAP_SYS_TIME"}
	startswith(lib.allowed(about).reason, "chronyd of the package chrony sets the clock") with input as system
	not lib.allowed(object.union(about, {"key": "CAP_SYS_BOOT"})) with input as system
	not lib.allowed(object.union(about, {"resource": "component:services/report"})) with input as system
}

# The kernel reads numbers in other bases, and prints decimal numbers.
test_numeral if {
	every text, want in {"0x10": "16", "0XfF": "255", "010": "8", "065536": "27486", "00": "0", "+7": "7", "0": "0", "-1": "-1", "08": "08", "0x": "0x", "3 4": "3 4", "|/x": "|/x", "": ""} {
		kernel.numeral(text) == want
	}
}

test_sysctl_key if {
	every text, want in {"a.b": "a.b", "a/b": "a.b", "a..b": "a.b", "/a//b/": "a.b", ".a": "a"} {
		kernel.sysctl_key(text) == want
	}
}

# Only the first of the exclusive modules starts.
test_exclusive_lsms if {
	both := {"CONFIG_SECURITY_SELINUX": "y", "CONFIG_SECURITY_APPARMOR": "y"}
	system := t.kconfigs(both)
	not kernel.lsm_active("apparmor") with input as t.cmdline_of(system, [["lsm", "selinux,apparmor"]])
	kernel.lsm_active("selinux") with input as t.cmdline_of(system, [["lsm", "selinux,apparmor"]])
	kernel.lsm_active("apparmor") with input as t.cmdline_of(system, [["lsm", "selinux,apparmor"], ["selinux", "0"]])
	kernel.lsm_active("apparmor") with input as t.cmdline_of(system, [["lsm", "apparmor"], ["security", "selinux"]])
	kernel.lsm_active("apparmor") with input as t.cmdline_of(t.kconfigs(object.union(both, {"CONFIG_LSM": "yama"})), [["security", "apparmor"]])
	not kernel.lsm_active("apparmor") with input as t.cmdline_of(t.kconfigs(both), [["security", "tomoyo"]])
}

# A claim that lockdown is forced is not enough.
test_lockdown_claimed if {
	kernel.lockdown == "confidentiality" with input as t.good
	kernel.lockdown == "none" with input as t.put(t.cmdline([]), "/kernel/config/claim", true)
	kernel.lockdown == "integrity" with input as t.put(t.cmdline([["lockdown", "integrity"]]), "/kernel/config/claim", true)
}
