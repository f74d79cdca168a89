# METADATA
# scope: package
# title: "Read-only in name only"
# description: |-
#   The root is read-only, but a writable bind lies over its programs.
# custom:
#   id: JNT-010
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.13", "CRA I.I(2)(f)", "800-190 4.4.4", "NSA Immutable FS"]
#   remediation: "Make the bind read-only, or bind it elsewhere."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.JNT_010

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

# programs are what a mount at the destination covers: system folders, all, or
# the program that the component runs.
programs(_, destination) := destination if programs_dir(destination)

programs(_, "/") := "everything"

programs(c, destination) := entrypoint if {
	not programs_dir(destination)
	destination != "/"
	entrypoint := lib.args(c)[0]
	startswith(entrypoint, "/")
	lib.under(lib.clean(entrypoint), destination)
}

# A program without a path is looked for in PATH.
programs(c, destination) := sprintf("%s, where %s is looked for", [dir, lib.args(c)[0]]) if {
	not programs_dir(destination)
	destination != "/"
	not contains(lib.args(c)[0], "/")
	dir := min({d | some d in search_path(c); lib.under(d, destination)})
}

search_path(c) := {lib.clean(dir) |
	some line in lib.arr(object.get(c.spec, ["process", "env"], []))
	startswith(line, "PATH=")
	some dir in split(trim_prefix(line, "PATH="), ":")
	startswith(dir, "/")
}

# changes_files: a tmpfs is empty, and holds no program, unless it begins with a
# copy of what it covers or what is put there may be run.
changes_files(p) if {
	lib.writable(p.m)
	not p.m.type in {"tmpfs", "ramfs", "proc", "sysfs", "devpts", "mqueue", "cgroup", "cgroup2"}
}

changes_files(p) if {
	p.m.type in {"tmpfs", "ramfs"}
	lib.writable(p.m)
	not inert(p.m)
}

inert(m) if {
	lib.has_flag(m, "noexec")
	not "tmpcopyup" in lib.options(m)
}

programs_dir(destination) if count({"/usr", "/lib", "/lib64", "/bin", "/sbin"} & lib.folders(destination)) > 0

found contains lib.finding("JNT-010", c, {
	"path": p.path,
	"actual": sprintf("readonly, and %s writable over %s", [m.source, covered]),
	"expected": "a read-only bind, or another place",
	"key": p.key,
	"message": sprintf("%s has a read-only root, yet can change %s through the mount at %s", [c.id, covered, m.destination]),
	"fix": sprintf("mount %s read-only at %s of %s, or elsewhere if it must write there", [m.source, m.destination, c.id]),
	"edits": edit.read_only(p),
}) if {
	some p in lib.placed
	changes_files(p)
	c := p.c
	m := p.m
	lib.readonly_root(c)
	covered := programs(c, p.destination)
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
