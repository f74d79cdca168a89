# METADATA
# scope: package
# title: "The command cannot start"
# description: |-
#   The runtime looks for the program in the working directory or along PATH, follows
#   links, and asks the kernel to run it. A program that cannot start is reported here,
#   before the system is built. Programs from a mount are not known, and are not
#   reported.
# custom:
#   id: RUN-001
#   severity: medium
#   pack: baseline
#   controls: []
#   remediation: "Use a program that exists in the image."
#   inputs: ["spec", "image", "file tree"]
#   since: 0.1.0
package seaworthy.rules.RUN_001

import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

unknown contains {"resource": lib.resource(c), "reason": "the program that it starts was not searched for"} if {
	some c in lib.containers
	object.get(c, ["program", "name"], "") == ""
}

found contains lib.finding("RUN-001", c, {
	"path": "/process/args/0",
	"actual": c.program.name,
	"expected": "a program that exists in the image and that the kernel can run",
	"key": c.program.name,
	"message": sprintf("%s cannot start: %s", [c.id, why]),
	"fix": sprintf("use a program of the image %s in `command` of %s, or use an image that has %s", [c.image.repository, c.id, wanted(c.program)]),
}) if {
	some c in lib.containers
	some why in failures(c.program)
}

failures(p) := {sprintf("%s does not exist in its image%s", [p.name, looked(p)])} if p.state == "missing"

failures(p) := {sprintf("%s has no execute permission", [p.path])} if p.state == "closed"

failures(p) := {sprintf("%s is not a file", [p.path])} if p.state == "folder"

failures(p) := {why |
	some why in array.concat(
		[sprintf("%s needs %s, which does not exist in its image", [p.path, p.lacks]) | p.lacks != ""],
		[sprintf("%s is a program for %s, and the system is %s", [p.path, p.arch, input.arch]) | foreign(p)],
	)
} if {
	p.state == "found"
}

looked(p) := " (searched along PATH)" if {
	not contains(p.name, "/")
} else := ""

wanted(p) := p.lacks if {
	p.lacks != ""
} else := p.name

# foreign: the kernel cannot run a program of this architecture, unless a component
# registers an interpreter for it.
foreign(p) if {
	p.arch != ""
	not p.arch in object.get(runnable, input.arch, {p.arch})
	not emulated
}

runnable := {"amd64": {"amd64", "386"}, "arm64": {"arm64", "arm"}, "riscv64": {"riscv64"}}

emulated if {
	some c in lib.containers
	some p in lib.placed_in[c.id]
	"/proc/sys/fs/binfmt_misc" in p.shows
}

emulated if {
	some c in lib.onboot
	"CAP_SYS_ADMIN" in lib.caps(c)
	some name in lib.programs(c)
	contains(name, "binfmt")
}

not_applicable contains {"resource": lib.resource(c), "reason": c.program.why} if {
	some c in lib.containers
	c.program.state == "unknown"
}
