# METADATA
# scope: package
# title: "Login on the console"
# description: |-
#   A production image needs no login on the console. An attacker at the console can try
#   to log in.
# custom:
#   id: USR-010
#   severity: high
#   pack: hardened
#   controls: ["CRA I.I(2)(j)"]
#   remediation: "Remove the getty service."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.USR_010

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("USR-010", c, {
	"path": "/process/args",
	"actual": lib.args(c),
	"expected": "no getty",
	"key": "getty",
	"message": sprintf("%s allows logins on the console", [c.id]),
	"fix": sprintf("remove %s if no console login is needed. To keep it, waive this finding with a reason and an owner", [c.id]),
}) if {
	some c in lib.services
	login(c)
}

login(c) if lib.is_getty(c)

login(c) if lib.terminal_shell(c)

login(c) if count({"login", "openvt", "sulogin"} & lib.programs(c)) > 0
