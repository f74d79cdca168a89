# METADATA
# scope: package
# title: "sshd takes passwords or root"
# description: |-
#   Passwords are guessed, and root leaves no name in the log.
# custom:
#   id: USR-012
#   severity: high
#   pack: baseline
#   controls: ["CRA I.I(2)(d)?", "SRG-OS-000109-GPOS-00056"]
#   remediation: "Set PasswordAuthentication no and PermitRootLogin no."
#   inputs: ["files"]
#   since: 0.1.0
package seaworthy.rules.USR_012

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.inventoried

unknown contains u if some u in lib.no_files

# What sshd does where the file is silent (sshd_config(5)).
default_setting := {
	"passwordauthentication": "yes", "permitrootlogin": "prohibit-password",
	"permitemptypasswords": "no", "kbdinteractiveauthentication": "yes",
}

# A configuration counts wherever it is shipped: a service may start sshd by any name.
runs_sshd(c) if c.section in {"services", "onboot", "init"}

found contains lib.finding("USR-012", c, {
	"path": "",
	"origin": c.image.origin,
	"actual": sprintf("%s %s", [setting, value]),
	"expected": sprintf("%s no", [setting]),
	"key": setting,
	"message": sprintf("sshd of %s has %s %s", [c.id, setting, value]),
	"fix": sprintf("set `%s no` in /etc/ssh/sshd_config of the image %s", [setting, c.image.repository]),
}) if {
	some c in lib.inventoried
	is_object(c.files.sshd)
	some setting, bad in {
		"passwordauthentication": {"yes"}, "permitrootlogin": {"yes"},
		"permitemptypasswords": {"yes"}, "kbdinteractiveauthentication": {"yes"},
	}
	value := lower(object.get(c.files.sshd, setting, default_setting[setting]))
	value in bad
	runs_sshd(c)
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
