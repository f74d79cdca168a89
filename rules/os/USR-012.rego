# METADATA
# scope: package
# title: "sshd takes passwords or root"
# description: |-
#   Passwords are guessed, and root leaves no name in the log. What sshd_config says,
#   with all that it includes, counts; so does what Match says for some alone, and
#   what stands on the command line of a container that runs sshd.
# custom:
#   id: USR-012
#   severity: high
#   pack: baseline
#   controls: ["CRA I.I(2)(d)?", "SRG-OS-000109-GPOS-00056"]
#   remediation: "Set PasswordAuthentication no and PermitRootLogin no."
#   inputs: ["files", "files section", "spec"]
#   since: 0.1.0
package seaworthy.rules.USR_012

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.inventoried

checked contains resource(f) if some f in written

unknown contains u if some u in lib.no_files

unknown contains {"resource": resource(f), "reason": "it includes files that are not looked at"} if {
	some f in written
	f.logins.partial == true
}

unknown contains {"resource": lib.resource(c), "reason": sprintf("sshd reads %s, whose settings are not known", [file])} if {
	some c in lib.containers
	lib.is_sshd(c)
	some file in flag(c, "f")
	file != "/etc/ssh/sshd_config"
}

# written are the files of os.yml that are a configuration of sshd.
written := [f | some f in lib.arr(input.files); is_object(lib.obj(f.logins).sshd)]

resource(f) := sprintf("file:%s", [f.path])

# What sshd does where the file is silent (sshd_config(5)).
default_setting := {
	"passwordauthentication": "yes", "permitrootlogin": "prohibit-password",
	"permitemptypasswords": "no", "kbdinteractiveauthentication": "yes",
}

# flag lists what follows an option letter in the arguments: -oX, -o X, -Do X.
flag(c, letter) := {value |
	args := lib.args(c)
	some i, arg in args
	m := regex.find_all_string_submatch_n(sprintf(`^-[46DdeGiqTt]*%s(.*)$`, [letter]), arg, 1)[0]
	value := or_next(m[1], args, i)
}

or_next(value, args, i) := value if {
	value != ""
} else := args[i + 1]

# given are the settings in the arguments of sshd, which outweigh the file.
given(c) := {setting: value |
	lib.is_sshd(c)
	some text in flag(c, "o")
	m := regex.find_all_string_submatch_n(`^\s*"?([A-Za-z]+)"?\s*[=\s]\s*["']?([A-Za-z-]+)`, text, 1)[0]
	setting := aliased(lower(m[1]))
	value := lower(m[2])
}

aliased(setting) := "kbdinteractiveauthentication" if {
	setting in {"challengeresponseauthentication", "skeyauthentication"}
} else := setting

# A configuration counts wherever it is shipped: a service may start sshd by any name.
runs_sshd(c) if c.section in {"services", "onboot", "init"}

# weak are the settings that hold for all, and those that hold for some.
weak(sshd, match) := {[setting, setting, value] |
	some setting, standard in default_setting
	value := lower(object.get(sshd, setting, standard))
	value == "yes"
} | {[sprintf("%s (Match %s)", [m.keyword, m.criteria]), m.keyword, "yes"] |
	some m in match
	default_setting[m.keyword]
	lower(m.value) == "yes"
}

body(key, setting, value, who, where) := {
	"path": "",
	"actual": sprintf("%s %s", [key, value]),
	"expected": sprintf("%s no", [setting]),
	"key": key,
	"message": sprintf("sshd of %s has %s %s", [who, key, value]),
	"fix": sprintf("set `%s no` in %s", [setting, where]),
}

found contains lib.finding("USR-012", c, object.union(body(key, setting, value, c.id, where), {"origin": c.image.origin})) if {
	some c in lib.inventoried
	is_object(c.files.sshd)
	runs_sshd(c)
	where := sprintf("/etc/ssh/sshd_config of the image %s", [c.image.repository])
	some [key, setting, value] in weak(object.union(c.files.sshd, given(c)), lib.arr(c.files.sshdMatch))
}

# dropbear has no configuration: it takes passwords unless it is told not to.
found contains lib.finding("USR-012", c, {
	"path": "/process/args",
	"actual": lib.args(c),
	"expected": "dropbear -s",
	"key": "dropbear",
	"message": sprintf("dropbear of %s takes passwords", [c.id]),
	"fix": sprintf("add -s to the command of %s", [c.id]),
}) if {
	some c in lib.containers
	some arg in lib.args(c)
	regex.match(`(^|/)dropbear$`, arg)
	every other in lib.args(c) {
		not regex.match(`^-[BEFRagijkmtwz]*s`, other)
	}
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

fail contains object.union(body(key, setting, value, f.path, sprintf("files%s", [f.path])), {"id": "USR-012", "resource": resource(f), "origin": f.origin}) if {
	some f in written
	some [key, setting, value] in weak(f.logins.sshd, lib.arr(f.logins.sshdMatch))
}

not_applicable contains lib.allowed(f) if some f in found
