# METADATA
# scope: package
# title: "Terminal shared with the host"
# description: |-
#   With TIOCSTI a program types into the terminal that it shares with a privileged one.
# custom:
#   id: JNT-004
#   severity: medium
#   pack: hardened
#   controls: []
#   remediation: "Remove the terminal, or set dev.tty.legacy_tiocsti=0."
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

# terminal_rules open terminals for nodes that the container makes, or has in a
# folder. A node of a pseudo terminal works in its devpts only (kernel
# drivers/tty/pty.c), which is a mount.
terminal_rules(c) := {i |
	some name, openers in lib.opened_by_rules(c, {"terminal"})
	name != "/dev/pts/*"
	some i in openers
}

# 5:0 is whatever terminal a process has itself.
terminal_device(d) if lib.device_kind(d).class == "terminal"

# A folder that holds some counts as they do.
terminal(path) if path in {"/", "/dev", "/dev/console", "/dev/pts", "/dev/vc"}

terminal(path) if regex.match(`^/dev/(tty|hvc|hvsi|pts/|vc/|vcs|pty|3270)`, path)

# Before 6.2 it always works; later the option and the sysctl decide.
tiocsti_works if {
	kernel.config_known
	kernel.older_than("6.2")
}

tiocsti_works if {
	kernel.on("CONFIG_LEGACY_TIOCSTI")
	not kernel.sysctl_is("dev.tty.legacy_tiocsti", "0")
}

# mute switches the ioctl off, where the kernel has the switch.
mute := edit.set_sysctl("dev.tty.legacy_tiocsti", "0") if {
	kernel.at_least("6.2")
} else := []

untied(c) := array.concat(edit.without_device_rules(c, sort(terminal_rules(c))), array.concat(
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
	"actual": "a terminal of the host, TIOCSTI works",
	"expected": "no terminal, or no TIOCSTI",
	"key": "tty",
	"message": sprintf("%s shares a terminal with the host and can type into it", [c.id]),
	"because": [fact.option("CONFIG_LEGACY_TIOCSTI"), fact.sysctl("dev.tty.legacy_tiocsti")],
	"fix": sprintf("set dev.tty.legacy_tiocsti = 0 on the command line or in /etc/sysctl.d of the onboot component that applies sysctls. A kernel before 6.2 has no such sysctl: the terminal is taken away. %s", [edit.loss_note(c, "terminal of the host")]),
	"edits": edit.first_nonempty(mute, untied(c)),
}) if {
	some c in lib.containers
	exposed(c)
	tiocsti_works
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
