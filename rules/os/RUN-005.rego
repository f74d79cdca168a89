# METADATA
# scope: package
# title: "The source of a bind does not exist"
# description: |-
#   /run, /tmp and /var are empty at each start, except for a few folders that init
#   creates there. The runtime does not create the source of a bind. If nothing else
#   creates it, the container does not start. Paths that a disk or another component may
#   provide are not reported.
# custom:
#   id: RUN-005
#   severity: medium
#   pack: hardened
#   controls: []
#   remediation: "Let init create the folder: `runtime: {mkdir: [PATH]}`."
#   inputs: ["spec"]
#   since: 0.2.0
package seaworthy.rules.RUN_005

import data.seaworthy.edit
import data.seaworthy.lib

checked contains lib.resource(c) if some c in lib.containers

unknown contains u if some u in lib.no_spec

found contains lib.finding("RUN-005", p.c, {
	"path": p.path,
	"actual": p.m.source,
	"expected": "a path that exists when the container starts",
	"key": p.key,
	"message": sprintf("%s cannot start: nothing creates %s on the host, which it binds at %s", [p.c.id, p.m.source, p.m.destination]),
	"fix": sprintf("add %s to `runtime.mkdir` of %s, if it is a folder. Init then creates it before the container starts", [p.m.source, p.c.id]),
	"edits": edit.made_by_init(p.c, p.m.source),
}) if {
	some p in lib.placed
	startswith(p.path, "/mounts")
	lib.is_bind(p.m)
	source := lib.host_path(p.m.source)
	some root in {"/run", "/tmp", "/var"}
	lib.under(source, root)
	not brought(source)
}

# made_at_start are the folders that init creates (builder/guest), and those that
# LinuxKit's init creates.
made_at_start := {
	"/run/containerd", "/run/lock", "/run/log", "/run/resolvconf", "/run/seaworthy", "/tmp", "/var/cache", "/var/empty",
	"/var/lib", "/var/local", "/var/lock", "/var/log", "/var/opt", "/var/spool", "/var/tmp",
}

# brought: the path exists, or may exist. If two components start at the same time,
# init may restart the second until the first has created the path.
brought(path) if {
	some dir in made_at_start
	lib.under(dir, path)
}

# The owners of these folders create their contents.
brought(path) if {
	some dir in {"/run/containerd", "/run/resolvconf"}
	lib.under(path, dir)
}

brought(path) if {
	some c in lib.containers
	some dir in lib.arr(lib.obj(c.runtime).mkdir)
	lib.under(lib.host_path(dir), path)
}

brought(path) if {
	some c in lib.containers
	some key, _ in lib.obj(lib.obj(c.runtime).bindNS)
	lib.under(lib.bound_ns(c, key), path)
}

brought(path) if {
	some p in lib.on_host
	at := lib.host_path(p.m.destination)
	some [a, b] in [[path, at], [at, path]]
	lib.under(a, b)
}

brought(path) if {
	some p in lib.placed
	some dir in p.writes
	lib.under(path, dir)
	dir != path
}

# Such a component can reach the host's root through /proc, and create the path.
brought(_) if {
	some c in lib.containers
	lib.host_ns(c, "pid")
	count({"CAP_SYS_ADMIN", "CAP_SYS_PTRACE"} & lib.caps(c)) > 0
}
