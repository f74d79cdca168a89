# METADATA
# scope: package
# title: "Component runs programs that a mount makes writable"
# description: |-
#   The root filesystem is read-only, but a writable mount covers programs; or a component
#   runs a file that a service can write to. An attacker can replace the program. The
#   replacement runs after a restart, or with the rights of the other component.
# custom:
#   id: JNT-010
#   severity: high
#   pack: hardened
#   controls: ["CIS-D 5.13", "CRA I.I(2)(f)", "800-190 4.4.4", "NSA Immutable FS"]
#   remediation: "Make the mount read-only, or mount it at another place."
#   inputs: ["spec"]
#   since: 0.1.0
package seaworthy.rules.JNT_010

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

# covered is the set of paths that a mount lets the component change: a system folder,
# everything, or the files that it runs or loads through this mount.
covered(p) := {p.destination} if {
	programs_dir(p.destination)
	changes_files(p)
} else := {"everything"} if {
	p.destination == "/"
	changes_files(p)
} else := {sprintf("%s (%s)", [r.path, r.why]) |
	some r in ran(p.c)
	lib.under(r.path, p.destination)
	changes(p, r.executed)
	not mounted_over(p, r.path)
}

# ran is what a component runs or loads. The dynamic loader reads one more file for every
# program that is not static.
ran(c) := lib.loaded_files[c.id] | {{"path": "/etc/ld.so.preload", "why": "the dynamic loader reads it", "executed": false}}

# mounted_over: a mount below this one shows the path.
mounted_over(p, path) if {
	some other in lib.placed_in[p.c.id]
	other.destination != p.destination
	lib.under(other.destination, p.destination)
	lib.under(path, other.destination)
}

# An executed file needs a mount without noexec. An interpreter reads any file.
changes(p, true) if {
	changes_files(p)
	not inert(p.m)
}

changes(p, false) if changes_files(p)

# changes_files: a tmpfs with noexec contains no programs, unless it begins with a copy
# of the folder that it covers.
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
	"actual": sprintf("read-only root, but %s is writable over %s", [m.source, lib.one_line(what)]),
	"expected": "a read-only mount, or another destination",
	"key": p.key,
	"message": sprintf("%s has a read-only root, but can change %s through the mount at %s", [c.id, lib.one_line(what), m.destination]),
	"fix": sprintf("mount %s read-only at %s in %s. If the component must write there, set another destination", [m.source, m.destination, c.id]),
	"edits": edit.read_only(p),
}) if {
	some p in lib.placed
	c := p.c
	m := p.m
	lib.readonly_root(c)
	what := covered(p)
	count(what) > 0
}

found contains lib.finding("JNT-010", p.c, {
	"path": p.path,
	"actual": sprintf("%s, which %s can write to", [lib.one_line(what), lib.one_line(writers)]),
	"expected": "programs that no service can change",
	"key": sprintf("others:%s", [p.key]),
	"message": sprintf("%s runs files that %s can change: %s", [p.c.id, lib.one_line(writers), lib.one_line(what)]),
	"fix": sprintf("mount the folder read-only in %s, or run the programs of %s from its image", [lib.one_line(writers), p.c.id]),
	"edits": [e | some w in by; some e in edit.read_only(w)],
}) if {
	some p in lib.placed
	by := [w | some r in shown_by(p); some w in written_by(p, r)]
	writers := {w.c.id | some w in by}
	count(writers) > 0
	what := {sprintf("%s (%s)", [r.path, r.why]) | some r in shown_by(p); count(written_by(p, r)) > 0}
}

# shown_by are the programs that a container runs, and the files that it loads,
# through a mount.
shown_by(p) := {r |
	some r in ran(p.c)
	lib.under(r.path, p.destination)
	runnable(p.m, r.executed)
	not mounted_over(p, r.path)
} | {{"path": p.destination, "why": "it is searched for programs and libraries", "executed": true} |
	loads_from(p.destination)
	runnable(p.m, true)
}

# loads_from: the folder is for programs or libraries, not for data.
loads_from(destination) if {
	programs_dir(destination)
	count(data_folders & lib.folders(destination)) == 0
}

data_folders := {
	"/lib/firmware", "/lib/modules", "/usr/include", "/usr/lib/firmware", "/usr/lib/modules", "/usr/local/share", "/usr/share", "/usr/src",
}

runnable(_, false)

runnable(m, true) if not lib.has_flag(m, "noexec")

# written_by are the mounts through which other services write there. One-shot components
# do not count: they end before an attacker can take over a service.
written_by(p, r) := [w |
	some shown in p.shows
	path := lib.clean(sprintf("%s/%s", [shown, trim_prefix(r.path, p.destination)]))
	some dir in lib.folders(path)
	some w in writing[dir]
	w.c.id != p.c.id
]

writing[dir] contains p if {
	some p in lib.placed
	p.c.section == "services"
	some dir in p.writes
}
