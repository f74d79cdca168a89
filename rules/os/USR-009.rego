# METADATA
# scope: package
# title: "Console login without a password"
# description: |-
#   getty with INSECURE=true, or with an option that skips the login, gives a root shell
#   to an attacker at the console.
# custom:
#   id: USR-009
#   severity: critical
#   pack: baseline
#   controls: ["SRG-OS-000480-GPOS-00229", "CRA I.I(2)(d)"]
#   remediation: "Remove INSECURE=true, or the option that skips the login."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.USR_009

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("USR-009", c, {
	"path": "/process/env",
	"actual": "INSECURE=true",
	"expected": "no INSECURE",
	"key": "INSECURE",
	"message": sprintf("%s gives a root shell without a password", [c.id]),
	"fix": sprintf("remove INSECURE=true from the env of %s. It then asks for a password, so an account must have one", [c.id]),
	"edits": edit.without_env(c, "INSECURE"),
}) if {
	some c in lib.containers
	lib.has_env(c, "INSECURE", {"true", "1", "yes"})
	lib.is_getty(c)
}

found contains lib.finding("USR-009", c, {
	"path": "/process/args",
	"actual": how,
	"expected": "a getty that asks for a login",
	"key": "login",
	"message": sprintf("%s starts a getty with %s, which does not ask for a password", [c.id, how]),
	"fix": sprintf("remove %s from the command of %s, so that it asks for a password", [how, c.id]),
}) if {
	some c in lib.containers
	lib.runs_getty(c)
	how := lib.unasked(lib.words(c))
}

found contains lib.finding("USR-009", c, {
	"path": "/process/args",
	"actual": lib.args(c),
	"expected": "a getty that asks for a login",
	"key": "shell",
	"message": sprintf("%s starts a shell on a terminal of the host: the shell does not ask for a password", [c.id]),
	"fix": sprintf("remove the shell from the command of %s", [c.id]),
}) if {
	some c in lib.containers
	lib.terminal_shell(c)
}
