# What an effective OCI runtime spec means, value by value.
package seaworthy.lib

import data.seaworthy.given

capability_sets := ["bounding", "effective", "permitted", "inheritable", "ambient"]

# caps is every capability that a container's processes could come to hold.
caps(c) := {name |
	some kind in capability_sets
	some name in object.get(c.spec, ["process", "capabilities", kind], [])
}

ambient(c) := {name | some name in object.get(c.spec, ["process", "capabilities", "ambient"], [])}

# The capabilities that Linux 6.x knows, CAP_CHECKPOINT_RESTORE (40) being the last.
known_caps := {name | some name in given.params.known_capabilities}

# all_caps: `all` expands to what the builder knows, so that one missing name
# must not hide it.
all_caps(c) if count(caps(c) & known_caps) >= count(known_caps) - 3

uid(c) := object.get(c.spec, ["process", "user", "uid"], 0)

no_new_privileges(c) if object.get(c.spec, ["process", "noNewPrivileges"], false) == true

readonly_root(c) if object.get(c.spec, ["root", "readonly"], false) == true

namespaces(c) := arr(object.get(c.spec, ["linux", "namespaces"], []))

# host_ns: the container shares this namespace with the host, either because
# the spec asks for no new one or because it joins that of PID 1.
host_ns(c, kind) if {
	not has_ns(c, kind)
}

host_ns(c, kind) if {
	some ns in namespaces(c)
	ns.type == kind
	startswith(object.get(ns, "path", ""), "/proc/1/")
}

has_ns(c, kind) if {
	some ns in namespaces(c)
	ns.type == kind
}

mounts(c) := arr(object.get(c.spec, "mounts", []))

options(m) := arr(object.get(m, "options", []))

is_bind(m) if object.get(m, "type", "") == "bind"

is_bind(m) if {
	some o in options(m)
	o in {"bind", "rbind"}
}

source(m) := clean(str(object.get(m, "source", "")))

destination(m) := clean(str(object.get(m, "destination", "")))

# writable: of ro and rw the last one wins, and neither means rw.
writable(m) if {
	modes := [o | some o in options(m); o in {"ro", "rw", "rro"}]
	count(modes) == 0
}

writable(m) if {
	modes := [o | some o in options(m); o in {"ro", "rw", "rro"}]
	modes[count(modes) - 1] == "rw"
}

# placed are all mounts of all containers, each looked at once: component c,
# mount m, its index i, and what they mean.
placed := [p |
	some c in containers
	some i, m in mounts(c)
	p := {
		"c": c, "i": i, "m": m,
		"source": source(m), "destination": destination(m),
		"bind": {true | is_bind(m)} != set(),
		"writable": {true | writable(m)} != set(),
	}
]

# mount_path is the JSON pointer of a mount.
mount_path(i) := sprintf("/mounts/%d", [i])

# clean makes a path absolute and free of empty, "." and ".." steps; what
# climbs further than that is taken for the root. /var/run is /run.
clean(p) := alias(settled) if {
	plain := join_steps(p)
	once := regex.replace(plain, `/[^/]+/\.\.(/|$)`, "/")
	twice := regex.replace(join_steps(once), `/[^/]+/\.\.(/|$)`, "/")
	settled := no_climb(join_steps(twice))
}

join_steps(p) := concat("", ["/", concat("/", [s | some s in split(p, "/"); not s in {"", "."}])])

no_climb(p) := "/" if contains(p, "/..")

no_climb(p) := p if not contains(p, "/..")

alias(p) := concat("", ["/run", substring(p, 8, -1)]) if under(p, "/var/run")

alias(p) := p if not under(p, "/var/run")

# under: p is dir or lies below it. Both are clean.
under(p, dir) if p == dir

under(p, dir) if startswith(p, concat("", [trim_suffix(dir, "/"), "/"]))

seccomp(c) := object.get(c.spec, ["linux", "seccomp"], null)

has_seccomp(c) if is_object(seccomp(c))

pids_limit(c) := object.get(c.spec, ["linux", "resources", "pids", "limit"], 0)

memory_limit(c) := object.get(c.spec, ["linux", "resources", "memory", "limit"], 0)

device_rules(c) := arr(object.get(c.spec, ["linux", "resources", "devices"], []))

devices(c) := arr(object.get(c.spec, ["linux", "devices"], []))

# open_device_rules: an allow rule without a type or without numbers opens
# every device of its kind. They are told by their index.
open_device_rules(c) := {i |
	some i, r in device_rules(c)
	opens_all(r)
}

opens_all(r) if {
	r.allow == true
	object.get(r, "type", "a") in {"a", ""}
}

opens_all(r) if {
	r.allow == true
	not is_number(object.get(r, "major", null))
	not is_number(object.get(r, "minor", null))
	r.type in {"b", "c"}
	contains(object.get(r, "access", ""), "w")
}

all_devices(c) if count(open_device_rules(c)) > 0

env(c) := {k: v |
	some line in arr(object.get(c.spec, ["process", "env"], []))
	i := indexof(line, "=")
	i > 0
	k := substring(line, 0, i)
	v := substring(line, i + 1, -1)
}

args(c) := arr(object.get(c.spec, ["process", "args"], []))

seccomp_dangerous_groups := {need | some need in given.params.dangerous_syscalls}

core_is_zero(c) if {
	some r in arr(object.get(c.spec, ["process", "rlimits"], []))
	r.type == "RLIMIT_CORE"
	r.hard == 0
}
