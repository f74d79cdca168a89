# METADATA
# scope: package
# title: "Login over the network"
# description: |-
#   A production image needs no login over the network. Attackers try to log in to every
#   sshd that they can reach. The same is true for telnetd, web terminals, and programs
#   that connect a socket to a shell.
# custom:
#   id: USR-011
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.7", "CRA I.I(2)(j)", "800-190 4.1.2"]
#   remediation: "Remove the service."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.USR_011

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("USR-011", c, {
	"path": "/process/args",
	"actual": lib.args(c),
	"expected": "no server that gives a shell",
	"key": "sshd",
	"message": sprintf("%s allows logins over the network", [c.id]),
	"fix": sprintf("remove %s if no login over the network is needed. To keep it, waive this finding with a reason and an owner", [c.id]),
}) if {
	some c in lib.services
	serves(c)
}

serves(c) if lib.is_sshd(c)

# Other servers that give a shell.
serves(c) if {
	some program in lib.programs(c)
	regex.match(`^(in\.)?(gotty|rexecd|rlogind|rshd|shellinaboxd?|sshd-session|telnetd|tinysshd|ttyd|utelnetd|wetty)$`, program)
}

# Programs that connect a socket to a shell.
serves(c) if {
	words := lib.words(c)
	some program in words
	regex.match(`^(nc|ncat|netcat|socat)(\.[a-z]+)?$`, lib.base(program))
	some word in words
	regex.match(`^(-[a-z]*e|--(sh-)?exec|-c)$|(?i)(^|,)(exec|system|shell):`, word)
}
