# METADATA
# scope: package
# title: "A bind whose source nothing makes"
# description: |-
#   /run, /tmp and /var begin empty at each start, but for a few folders that init makes there. The runtime makes no source of a bind: where nothing else makes it, the container does not start. What a disk or another component may bring is no finding.
# custom:
#   id: RUN-005
#   severity: medium
#   pack: hardened
#   controls: []
#   remediation: "Have init make the folder: `runtime: {mkdir: [PATH]}`."
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
	"expected": "a path that is there when the container starts",
	"key": p.key,
	"message": sprintf("%s cannot start: nothing makes %s on the host, which it binds at %s", [p.c.id, p.m.source, p.m.destination]),
	"fix": sprintf("add %s to `runtime.mkdir` of %s, if it is a folder; init then makes it before the container starts", [p.m.source, p.c.id]),
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

# made_at_start are the folders that init makes there (builder/guest), and those
# that LinuxKit's does.
made_at_start := {
	"/run/containerd", "/run/lock", "/run/log", "/run/resolvconf", "/run/seaworthy", "/tmp", "/var/cache", "/var/empty",
	"/var/lib", "/var/local", "/var/lock", "/var/log", "/var/opt", "/var/spool", "/var/tmp",
}

# brought: it is there, or may be. Of two components that start at the same time
# the second may be started again until the first has made it.
brought(path) if {
	some dir in made_at_start
	lib.under(dir, path)
}

# What is in there comes from whoever is there for it.
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

# Such a component reaches the host's root by /proc.
brought(_) if {
	some c in lib.containers
	lib.host_ns(c, "pid")
	count({"CAP_SYS_ADMIN", "CAP_SYS_PTRACE"} & lib.caps(c)) > 0
}

fail contains f if {
	some f in found
	not lib.allowed(f)
}

not_applicable contains lib.allowed(f) if some f in found
