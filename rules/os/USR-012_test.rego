package seaworthy.test.USR_012

import data.seaworthy.outcome
import data.seaworthy.rules.USR_012 as rule
import data.seaworthy.testing as t

fail := outcome.fail(rule.found)

not_applicable := outcome.not_applicable(rule.found)

test_fires_root if t.fires(fail, "component:services/nginx") with input as t.nginx_files("sshd", {"permitrootlogin": "yes", "passwordauthentication": "no", "kbdinteractiveauthentication": "no"})

test_fires_default if t.fires(fail, "component:services/nginx") with input as t.nginx_files("sshd", {"permitrootlogin": "no"})

test_silent_keys_only if t.silent(fail) with input as t.nginx_files("sshd", {"permitrootlogin": "no", "passwordauthentication": "no", "kbdinteractiveauthentication": "no"})

test_silent_none if t.silent(fail) with input as t.nginx_files("sshd", null)

test_unknown_no_files if {
	t.tells(rule.unknown, "component:services/nginx") with input as t.no_files
	t.silent(fail) with input as t.no_files
}

test_checked if count(rule.checked) > 0 with input as t.good

test_allowed if {
	system_now := t.nginx_files("sshd", {"permitrootlogin": "yes", "passwordauthentication": "no", "kbdinteractiveauthentication": "no"})
	found := fail with input as system_now
	allowance := [t.allowance("USR-012", found)]
	t.silent(fail) with input as system_now with data.components as allowance
	t.tells(not_applicable, "component:services/nginx") with input as system_now with data.components as allowance
}

closed := {"permitrootlogin": "no", "passwordauthentication": "no", "kbdinteractiveauthentication": "no"}

keys(system) := {f.key | some f in fs} if fs := fail with input as system

test_fires_match if {
	system := t.put(t.nginx_files("sshd", closed), "/components/4/files/sshdMatch", [
		{"criteria": "User git", "keyword": "passwordauthentication", "value": "Yes"},
		{"criteria": "User git", "keyword": "x11forwarding", "value": "yes"},
		{"criteria": "all", "keyword": "permitrootlogin", "value": "no"},
	])
	keys(system) == {"passwordauthentication (Match User git)"}
}

# A part of a configuration, in an image without a main configuration.
part(value) := t.put(t.nginx_files("sshd", null), "/components/4/files/sshdMatch", [{"criteria": "all", "keyword": "passwordauthentication", "value": value}])

test_part if {
	keys(part("yes")) == {"passwordauthentication (Match all)"}
	keys(part("no")) == set()
}

runs(args, sshd) := t.put(t.nginx_files("sshd", sshd), "/components/4/spec/process/args", array.concat(["/usr/sbin/sshd"], args))

test_fires_argument if {
	keys(runs(["-D", "-o", "PermitRootLogin yes"], closed)) == {"permitrootlogin"}
	keys(runs(["-oPermitRootLogin=yes"], closed)) == {"permitrootlogin"}
	keys(runs(["-Deo", "ChallengeResponseAuthentication = \"yes\""], closed)) == {"kbdinteractiveauthentication"}
	keys(runs(["-p", "22"], closed)) == set()
}

test_silent_argument if keys(runs(["-oPasswordAuthentication=no"], object.union(closed, {"passwordauthentication": "yes"}))) == set()

test_argument_of_others if {
	system := t.put(t.nginx_files("sshd", closed), "/components/4/spec/process/args", ["/usr/sbin/nginx", "-oPermitRootLogin=yes"])
	keys(system) == set()
}

test_unknown_other_file if {
	t.tells(rule.unknown, "component:services/nginx") with input as runs(["-f", "/etc/ssh/other"], null)
	t.tells(rule.unknown, "component:services/nginx") with input as runs(["-Df/dev/null"], null)
	t.silent(rule.unknown) with input as runs(["-f", "/etc/ssh/sshd_config"], closed)
}

written(sshd, match, partial) := t.put(t.good, "/files", [{
	"path": "/etc/ssh/sshd_config", "type": "file", "mode": "600", "uid": 0, "gid": 0, "link": "", "source": "", "metadata": "", "size": 1,
	"digest": "", "secret": "", "origin": t.origin, "logins": {"emptyPasswords": [], "sshd": sshd, "sshdMatch": match, "partial": partial},
}])

test_fires_files_section if {
	t.fires(fail, "file:/etc/ssh/sshd_config") with input as written({"permitrootlogin": "no"}, [], false)
	keys(written(closed, [{"criteria": "all", "keyword": "permitemptypasswords", "value": "yes"}], false)) == {"permitemptypasswords (Match all)"}
}

test_silent_files_section if {
	system := written(closed, [], false)
	t.silent(fail) with input as system
	t.silent(rule.unknown) with input as system
	"file:/etc/ssh/sshd_config" in rule.checked with input as system
	t.silent(fail) with input as written(null, [], false)
}

test_unknown_partial if t.tells(rule.unknown, "file:/etc/ssh/sshd_config") with input as written(closed, [], true)

test_fires_dropbear if {
	keys(t.nginx_with("/process/args", ["/usr/sbin/dropbear", "-F", "-E"])) == {"dropbear"}
	keys(t.nginx_with("/process/args", ["dropbear", "-p", "22s"])) == {"dropbear"}
}

test_silent_dropbear if {
	keys(t.nginx_with("/process/args", ["dropbear", "-RFEs"])) == set()
	keys(t.nginx_with("/process/args", ["dropbear", "-FEs"])) == set()
	keys(t.nginx_with("/process/args", ["dropbear", "-s", "-F"])) == set()
}

shell(line, sshd) := t.put(t.nginx_files("sshd", sshd), "/components/4/spec/process/args", ["/bin/sh", "-c", line])

test_fires_shell if {
	keys(shell("exec /usr/sbin/sshd -D -o PermitRootLogin=yes", closed)) == {"permitrootlogin"}
	keys(shell("rm -f x; sshd -o 'PermitRootLogin yes'", closed)) == {"permitrootlogin"}
	t.silent(rule.unknown) with input as shell("rm -f x; sshd -D", closed)
	keys(shell("dropbear -R; logger -s up", null)) == {"dropbear"}
}

# The weaker of two values counts. The value of another option does not count.
test_fires_two_values if {
	keys(runs(["-oPermitRootLogin=no", "-oPermitRootLogin=yes"], closed)) == {"permitrootlogin"}
	keys(runs(["-E", "-oPasswordAuthentication=no"], object.union(closed, {"passwordauthentication": "yes"}))) == {"passwordauthentication"}
}

test_fires_argument_without_file if {
	keys(runs(["-oPermitRootLogin=yes"], null)) == {"permitrootlogin"}
	keys(runs(["-oPermitRootLogin=no", "-oX11Forwarding=yes"], null)) == set()
}

test_fires_other_spelling if keys(t.nginx_files("sshd", object.union(closed, {"permitrootlogin": "y\"es"}))) == {"permitrootlogin"}

test_pam if {
	keys(t.nginx_files("sshd", object.remove(closed, ["kbdinteractiveauthentication"]))) == set()
	keys(t.nginx_files("sshd", object.union(object.remove(closed, ["kbdinteractiveauthentication"]), {"usepam": "yes"}))) == {"kbdinteractiveauthentication"}
}

# If every way to log in needs a key, sshd may ask for a password too.
test_needs_key if {
	open := {"permitrootlogin": "no", "authenticationmethods": "publickey,password publickey"}
	keys(t.nginx_files("sshd", open)) == set()
	keys(t.nginx_files("sshd", object.union(open, {"permitrootlogin": "yes"}))) == {"permitrootlogin"}
	keys(t.nginx_files("sshd", object.union(open, {"authenticationmethods": "publickey password"}))) == {"passwordauthentication"}
	keys(t.put(t.nginx_files("sshd", open), "/components/4/files/sshdMatch", [{"criteria": "all", "keyword": "authenticationmethods", "value": "any"}])) == {"passwordauthentication"}
	keys(t.put(t.nginx_files("sshd", open), "/components/4/files/sshdMatch", [{"criteria": "all", "keyword": "passwordauthentication", "value": "yes"}])) == set()
}

test_part if {
	part := [{"criteria": "all", "keyword": "passwordauthentication", "value": "yes"}]
	keys(written(null, part, false)) == {"passwordauthentication (Match all)"}
	t.tells(rule.unknown, "file:/etc/ssh/sshd_config") with input as written(null, part, true)
}

bound(path) := t.put(t.good, "/components/4/spec/mounts", [{"destination": "/etc/ssh/sshd_config", "type": "bind", "source": path, "options": ["bind", "ro"]}])

test_bound if {
	t.tells(rule.unknown, "component:services/nginx") with input as bound("/etc/other")
	system := t.put(bound("/etc/ssh/sshd_config"), "/files", written(closed, [], false).files)
	t.silent(rule.unknown) with input as system
}

test_dropbear_options if {
	keys(t.nginx_with("/process/args", ["dropbear", "-b", "-s"])) == {"dropbear"}
	keys(t.nginx_with("/process/args", ["dropbear", "-F", "-t"])) == set()
	keys(t.nginx_with("/process/args", ["dropbearmulti", "dropbear", "-s"])) == set()
}

# An image of the init section, or a volume, has no command.
test_fires_volume if keys(t.put(t.put(t.nginx_files("sshd", object.union(closed, {"permitrootlogin": "yes"})), "/components/4/section", "volumes"), "/components/4/spec", null)) == {"permitrootlogin"}
