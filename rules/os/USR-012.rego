# METADATA
# scope: package
# title: "sshd accepts passwords or root"
# description: |-
#   An attacker can guess passwords. After a login as root, the log does not show which
#   person it was. The rule reads sshd_config with all files that it includes. It also
#   reads Match sections, and the command line of a container that runs sshd.
# custom:
#   id: USR-012
#   severity: high
#   pack: baseline
#   controls: ["CRA I.I(2)(d)?", "SRG-OS-000109-GPOS-00056"]
#   remediation: "Set `PasswordAuthentication no` and `PermitRootLogin no`."
#   inputs: ["files", "files section", "spec"]
#   since: 0.1.0
package seaworthy.rules.USR_012

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.inventoried

checked contains resource(f) if some f in array.concat(written, parts)

unknown contains u if some u in lib.no_files

unknown contains {"resource": resource(f), "reason": "it includes files that are not checked"} if {
	some f in array.concat(written, parts)
	f.logins.partial == true
}

unknown contains {"resource": lib.resource(c), "reason": sprintf("sshd reads %s, whose settings are not known", [file])} if {
	some c in lib.containers
	lib.is_sshd(c)
	some option in flag(c, "f")
	file := split(option.value, " ")[0]
	file != "/etc/ssh/sshd_config"
}

unknown contains {"resource": lib.resource(c), "reason": sprintf("its sshd_config is %s of the host, whose settings are not known", [path])} if {
	some c in lib.containers
	some p in lib.placed_in[c.id]
	p.destination == "/etc/ssh/sshd_config"
	some path in p.shows
	not path in {f.path | some f in written}
}

# written are the files of os.yml that are a whole configuration of sshd; parts are
# those that only belong to one.
written := [f | some f in lib.arr(input.files); is_object(lib.obj(f.logins).sshd)]

parts := [f |
	some f in lib.arr(input.files)
	not is_object(lib.obj(f.logins).sshd)
	count(lib.arr(lib.obj(f.logins).sshdMatch)) > 0
]

resource(f) := sprintf("file:%s", [f.path])

# Defaults of sshd for settings that the file does not contain (sshd_config(5)).
default_setting := {
	"passwordauthentication": "yes", "permitrootlogin": "prohibit-password",
	"permitemptypasswords": "no", "kbdinteractiveauthentication": "yes",
}

# Every other value means "yes", or may mean it in a different spelling.
strong(value) if lower(value) in {"no", "prohibit-password", "without-password", "forced-commands-only"}

# flag lists the values of an option letter in the arguments: -oX, -o X, -Do X. In a
# shell command line, X can have several words. awaited is true if the option may be
# the value of another option.
flag(c, letter) := {{"value": concat(" ", [value, next_word(command, i)]), "awaited": awaited} |
	some command in servers(c)
	some i, word in command
	m := regex.find_all_string_submatch_n(sprintf(`^-[46DdeGiqTt]*%s(.*)$`, [letter]), word, 1)[0]
	value := or_next(m[1], command, i)
	awaited := regex.match(`^-[46DdeGiqTt]*[CEbcfghkpu]$`, word_at(command, i - 1))
}

or_next(value, args, i) := value if {
	value != ""
} else := args[i + 1]

next_word(command, i) := word_at(command, i + 1) if {
	regex.match(`^-[46DdeGiqTt]*o.`, command[i])
} else := word_at(command, i + 2)

word_at(command, i) := command[i] if {
	i >= 0
	i < count(command)
} else := ""

# servers are the commands that run sshd, or all commands if none names sshd.
servers(c) := named if {
	named := [command | some command in lib.commands(c); lib.base(command[0]) == "sshd"]
	count(named) > 0
} else := lib.commands(c)

# options are the settings in the arguments. A strong setting that may be the value
# of another option does not count.
options(c) := {[aliased(lower(m[1])), value] |
	lib.is_sshd(c)
	some option in flag(c, "o")
	m := regex.find_all_string_submatch_n(`^\s*"?([A-Za-z]+)"?\s*[=\s]\s*["']?([A-Za-z-]+)`, option.value, 1)[0]
	value := lower(m[2])
	not awaited_strength(option, value)
}

awaited_strength(option, value) if {
	option.awaited
	strong(value)
}

# given are the settings in the arguments. They override the file. If a setting has
# two values, the weaker one counts.
given(c) := {setting: weakest(values) |
	found := options(c)
	some [setting, _] in found
	values := {v | some [s, v] in found; s == setting}
}

# A component that is not a container has no arguments.
arguments(c) := given(c) if {
	lib.has_spec(c)
} else := {}

weakest(values) := [v | some v in values; not strong(v)][0] if {
	not all_strong(values)
} else := "no"

all_strong(values) if every v in values { strong(v) }

aliased(setting) := "kbdinteractiveauthentication" if {
	setting in {"challengeresponseauthentication", "skeyauthentication"}
} else := setting

# A configuration counts in every component that a service can use: a service may
# start sshd under any name, and mount a volume where sshd looks.
runs_sshd(c) if c.section in {"services", "onboot", "init", "volumes"}

# weak are the weak settings for all users, and those in Match sections.
weak(sshd, match) := {[setting, setting, value] |
	some setting, standard in default_setting
	value := lower(object.get(sshd, setting, standard))
	not strong(value)
	not harmless(setting, sshd, match)
} | {[sprintf("%s (Match %s)", [m.keyword, m.criteria]), m.keyword, lower(m.value)] |
	some m in match
	default_setting[m.keyword]
	not strong(m.value)
	not needs_key(m.keyword, sshd, match)
}

harmless(setting, sshd, match) if needs_key(setting, sshd, match)

# Only PAM uses this method, and PAM is off by default.
harmless("kbdinteractiveauthentication", sshd, _) if {
	not sshd.kbdinteractiveauthentication
	lower(object.get(sshd, "usepam", "no")) == "no"
}

# needs_key: every way to log in needs a key, so a password alone is not enough.
needs_key(setting, sshd, match) if {
	setting != "permitrootlogin"
	ways := split(sshd.authenticationmethods, " ")
	every way in ways {
		"publickey" in split(way, ",")
	}
	every m in match {
		m.keyword != "authenticationmethods"
	}
}

body(key, setting, value, who, where) := {
	"path": "",
	"actual": sprintf("%s %s", [key, value]),
	"expected": sprintf("%s no", [setting]),
	"key": key,
	"message": sprintf("sshd of %s has %s %s", [who, key, value]),
	"fix": sprintf("set `%s no` in %s", [setting, where]),
}

found contains lib.finding("USR-012", c, object.union(body(key, setting, value, c.id, where), {"origin": lib.in_image(c)})) if {
	some c in lib.inventoried
	is_object(c.files.sshd)
	runs_sshd(c)
	where := sprintf("/etc/ssh/sshd_config of the image %s", [c.image.repository])
	some [key, setting, value] in weak(object.union(c.files.sshd, arguments(c)), lib.arr(c.files.sshdMatch))
}

# Parts of a configuration. The configuration of another init image, or of a component
# that mounts the volume, may include them.
found contains lib.finding("USR-012", c, object.union(body(key, setting, value, c.id, where), {"origin": lib.in_image(c)})) if {
	some c in lib.inventoried
	not is_object(c.files.sshd)
	runs_sshd(c)
	where := sprintf("/etc/ssh/sshd_config.d of the image %s", [c.image.repository])
	some [key, setting, value] in weak(silent, lib.arr(c.files.sshdMatch))
}

# silent has no weak setting: the main configuration has the settings that a part
# lacks.
silent := {"permitrootlogin": "no", "passwordauthentication": "no", "kbdinteractiveauthentication": "no"}

# Arguments also count if the file is not in the image.
found contains lib.finding("USR-012", c, object.union(body(setting, setting, value, c.id, sprintf("the command of %s", [c.id])), {"origin": c.image.origin})) if {
	some c in lib.containers
	not is_object(object.get(lib.obj(c.files), "sshd", null))
	some setting, value in given(c)
	default_setting[setting]
	not strong(value)
}

# dropbear has no configuration file. It accepts passwords unless -s disables them.
found contains lib.finding("USR-012", c, {
	"path": "/process/args",
	"actual": lib.args(c),
	"expected": "dropbear -s",
	"key": "dropbear",
	"message": sprintf("dropbear of %s accepts passwords", [c.id]),
	"fix": sprintf("add -s to the command of %s", [c.id]),
}) if {
	some c in lib.containers
	some command in lib.commands(c)
	some i, word in command
	lib.base(word) == "dropbear"
	not wants_key(array.slice(command, i + 1, count(command)))
}

# -s disables passwords, -t requires a key in addition. A word that is the value of
# another option is not one of these options.
wants_key(args) if {
	some i, arg in args
	regex.match(`^-[BEFRVaegijkmqwz]*[st]`, arg)
	not regex.match(`^-[BEFRVaegijkmqstwz]*[ADGIKPTWbcdlpr]$`, word_at(args, i - 1))
}

found contains object.union(body(key, setting, value, f.path, sprintf("%s (files section)", [f.path])), {"id": "USR-012", "resource": resource(f), "origin": f.origin}) if {
	some f in written
	some [key, setting, value] in weak(f.logins.sshd, lib.arr(f.logins.sshdMatch))
}

found contains object.union(body(key, setting, value, f.path, sprintf("%s (files section)", [f.path])), {"id": "USR-012", "resource": resource(f), "origin": f.origin}) if {
	some f in parts
	some [key, setting, value] in weak(silent, f.logins.sshdMatch)
}
