# METADATA
# scope: package
# title: "Component shares a terminal with the host"
# description: |-
#   With the ioctl TIOCSTI an attacker can type commands into a terminal that the component
#   shares with a privileged program.
# custom:
#   id: JNT-004
#   severity: medium
#   pack: hardened
#   controls: []
#   remediation: "Remove the terminal from the component, or set the sysctl dev.tty.legacy_tiocsti=0."
#   inputs: ["spec", "kernel config", "sysctls"]
#   since: 0.1.0
package seaworthy.rules.JNT_004

import data.seaworthy.edit
import data.seaworthy.fact
import data.seaworthy.kernel
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

unknown contains {"resource": lib.resource(c), "reason": kernel.config_missing} if {
	some c in lib.containers
	exposed(c)
}

exposed(c) if {
	lib.uid(c) != 0
	some p in lib.placed_in[c.id]
	some path in p.shows
	terminal(path)
}

exposed(c) if {
	lib.uid(c) != 0
	some d in lib.devices(c)
	terminal_device(d)
}

exposed(c) if {
	lib.uid(c) != 0
	count(terminal_rules(c)) > 0
}

# terminal_rules are the device rules that open terminals. The container can create the
# node or have it in a bound folder. A node of a pseudo-terminal works only in its devpts,
# which is a mount (drivers/tty/pty.c in the kernel).
terminal_rules(c) := {i |
	some name, openers in lib.opened_by_rules(c, {"terminal"})
	name != "/dev/pts/*"
	some i in openers
}

# The device 5:0 is not in this class: it opens the terminal that a process already has.
terminal_device(d) if lib.device_kind(d).class == "terminal"

# A folder that contains terminals counts as a terminal.
terminal(path) if path in {"/", "/dev", "/dev/console", "/dev/pts", "/dev/vc"}

terminal(path) if regex.match(`^/dev/(tty|hvc|hvsi|pts/|vc/|vcs|pty|3270)`, path)

# Before Linux 6.2 TIOCSTI always works. Since then the option and the sysctl decide.
tiocsti_works if {
	kernel.config_known
	kernel.older_than("6.2")
}

tiocsti_works if {
	kernel.on("CONFIG_LEGACY_TIOCSTI")
	not kernel.sysctl_is("dev.tty.legacy_tiocsti", "0")
}

# disable_tiocsti turns TIOCSTI off, if the kernel has the sysctl.
disable_tiocsti := edit.set_sysctl("dev.tty.legacy_tiocsti", "0") if {
	kernel.at_least("6.2")
} else := []

without_terminals(c) := array.concat(edit.without_device_rules(c, sort(terminal_rules(c))), array.concat(
	[e |
		some p in lib.placed_in[c.id]
		some path in p.shows
		terminal(path)
		some e in edit.without_placed_mount(p)
	],
	[e |
		some d in lib.devices(c)
		terminal_device(d)
		some e in edit.without_devices(c, {d.path})
	],
))

found contains lib.finding("JNT-004", c, {
	"path": "/mounts",
	"actual": "a terminal of the host, TIOCSTI enabled",
	"expected": "no terminal of the host, or TIOCSTI disabled",
	"key": "tty",
	"message": sprintf("%s shares a terminal with the host and can type into it", [c.id]),
	"because": [fact.option("CONFIG_LEGACY_TIOCSTI"), fact.sysctl("dev.tty.legacy_tiocsti")],
	"fix": sprintf("set dev.tty.legacy_tiocsti = 0 on the command line or in /etc/sysctl.d of the onboot component that applies sysctls. A kernel before 6.2 does not have this sysctl: the suggested edit then removes the terminal. %s", [edit.loss_note(c, "terminal of the host")]),
	"edits": edit.first_nonempty(disable_tiocsti, without_terminals(c)),
}) if {
	some c in lib.containers
	exposed(c)
	tiocsti_works
}
