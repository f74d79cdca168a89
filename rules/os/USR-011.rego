# METADATA
# scope: package
# title: "Login over the network"
# description: |-
#   A production image needs no login; sshd is a way in that everybody tries, and so
#   are telnetd, terminals on a web page, and what connects a socket to a shell.
# custom:
#   id: USR-011
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.7", "CRA I.I(2)(j)", "800-190 4.1.2"]
#   remediation: "Remove the sshd service."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.USR_011

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.services

unknown contains u if some u in lib.no_spec_services

found contains lib.finding("USR-011", c, {
	"path": "/process/args",
	"actual": lib.args(c),
	"expected": "no server that hands out a shell",
	"key": "sshd",
	"message": sprintf("%s lets people log in over the network", [c.id]),
	"fix": sprintf("leave %s out where no login over the network is needed. To keep it is a choice that somebody answers for: waive this finding", [c.id]),
}) if {
	some c in lib.services
	serves(c)
}

serves(c) if lib.is_sshd(c)

# Other servers that hand out a shell.
serves(c) if {
	some program in lib.programs(c)
	regex.match(`^(in\.)?(gotty|rexecd|rlogind|rshd|shellinaboxd?|sshd-session|telnetd|tinysshd|ttyd|utelnetd|wetty)$`, program)
}

# Programs that connect anything to a shell.
serves(c) if {
	words := lib.words(c)
	some program in words
	regex.match(`^(nc|ncat|netcat|socat)(\.[a-z]+)?$`, lib.base(program))
	some word in words
	regex.match(`^(-[a-z]*e|--(sh-)?exec|-c)$|(?i)(^|,)(exec|system|shell):`, word)
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
