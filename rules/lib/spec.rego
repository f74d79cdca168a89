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
all_caps(c) if c.id in all_capable

all_capable := {c.id | some c in containers; count(caps(c) & known_caps) >= count(known_caps) - 3}

uid(c) := object.get(c.spec, ["process", "user", "uid"], 0)

# rootlike are the capabilities by which another user does as root: he becomes
# root, or passes by the modes of files.
rootlike(c) := caps(c) & {"CAP_DAC_OVERRIDE", "CAP_SETUID"}

# root_by is how a container does as root; undefined where it does not.
root_by(c) := "root" if {
	uid(c) == 0
} else := sprintf("uid %d with %s", [uid(c), one_line(rootlike(c))]) if {
	count(rootlike(c)) > 0
}

no_new_privileges(c) if object.get(c.spec, ["process", "noNewPrivileges"], false) == true

readonly_root(c) if object.get(c.spec, ["root", "readonly"], false) == true

seccomp(c) := object.get(c.spec, ["linux", "seccomp"], null)

has_seccomp(c) if is_object(seccomp(c))

# passing are the actions after which the kernel makes the system call, or a
# program outside the filter may let it.
passing := {"SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE"}

# let_through are the system calls that a profile names and lets through.
let_through(c) := {name |
	some rule in arr(seccomp(c).syscalls)
	rule.action in passing
	not narrowed(rule)
	some name in rule.names
}

# narrowed: only a few values of an argument will do. Two rules that compare
# otherwise can add up to all of them.
narrowed(rule) if {
	some arg in arr(object.get(rule, "args", []))
	picks(arg)
}

picks(arg) if arg.op == "SCMP_CMP_EQ"

picks(arg) if {
	arg.op == "SCMP_CMP_MASKED_EQ"
	arg.value > 0
}

# filters: a profile keeps the container from the system call.
filters(c, name) if {
	has_seccomp(c)
	not seccomp(c).defaultAction in passing
	not name in let_through(c)
}

# What cgroup v2 calls its files is written last, and holds. Beyond pids.max of
# the kernel, or more memory than a machine can have, nothing is limited.
pids_limit(c) := bounded(asked_limit(c, "pids.max"), 4194304)

memory_limit(c) := bounded(asked_limit(c, "memory.max"), 70368744177664)

bounded(limit, ceiling) := limit if {
	limit < ceiling
} else := 0

asked_limit(c, file) := to_number(digits) * unit_of[unit] if {
	[[_, digits, unit]] := regex.find_all_string_submatch_n(`^([0-9]{1,20})([KMGT]?)$`, unified(c)[file], 1)
} else := 0 if {
	unified(c)[file]
} else := object.get(c.spec, ["linux", "resources", kind, "limit"], 0) if {
	kind := split(file, ".")[0]
}

unit_of := {"": 1, "K": 1024, "M": 1048576, "G": 1073741824, "T": 1099511627776}

# limit_said is what is asked for where that is no limit.
limit_said(c, file) := sprintf("%s: %s", [file, unified(c)[file]]) if {
	unified(c)[file]
} else := format_int(asked_limit(c, file), 10) if {
	asked_limit(c, file) > 0
} else := "none"

unified(c) := obj(object.get(c.spec, ["linux", "resources", "unified"], {}))

device_rules(c) := arr(object.get(c.spec, ["linux", "resources", "devices"], []))

devices(c) := arr(object.get(c.spec, ["linux", "devices"], []))

# open_device_rules: an allow rule without numbers opens every device of its
# kind. They are told by their index.
open_device_rules(c) := {i |
	some i, r in device_rules(c)
	opens_all(r)
}

rule_kind(c, i) := object.get(device_rules(c)[i], "type", "a")

opens_all(r) if {
	r.allow == true
	object.get(r, "type", "a") in {"a", ""}
}

opens_all(r) if {
	opens(r)
	not numbered(r, "major")
	not numbered(r, "minor")
}

# opens: the rule lets devices be read or written, and not only made. Runtimes
# take a rule that names no access for one that names all.
opens(r) if {
	r.allow == true
	regex.match("^$|[rw]", object.get(r, "access", ""))
}

# numbered: below zero, a number stands for all.
numbered(r, name) if r[name] >= 0

all_devices(c) if count(open_device_rules(c)) > 0

# device_class is b or c, as the kernel knows devices; a pipe is none.
device_class(d) := "b" if d.type == "b"

device_class(d) := "c" if d.type in {"c", "u"}

# device_name is what the kernel calls a device of these numbers, wherever its
# node lies; undefined for those that no rule asks for.
device_name(d) := known_devices[device_class(d)][sprintf("%d:%d", [d.major, d.minor])]

known_devices := {"c": {
	"1:1": "/dev/mem", "1:2": "/dev/kmem", "1:4": "/dev/port", "1:11": "/dev/kmsg",
	"10:196": "/dev/vfio/vfio", "10:200": "/dev/net/tun", "10:223": "/dev/uinput", "10:229": "/dev/fuse",
	"10:232": "/dev/kvm", "10:238": "/dev/vhost-net", "10:241": "/dev/vhost-vsock",
}}

# known_nodes are the device nodes that have such a name, by their indexes.
known_nodes(c) := {name: nodes |
	some d in devices(c)
	name := device_name(d)
	nodes := [i | some i, other in devices(c); device_name(other) == name]
}

memory_devices := {"/dev/mem", "/dev/kmem", "/dev/port", "/dev/kmsg"}

# named_as lists a device's nodes: its name, and the path where that does not
# say it.
named_as(c, name, nodes) := one_line({text | some i in nodes; text := named_node(name, devices(c)[i].path)})

named_node(name, path) := name if {
	path == name
} else := sprintf("%s as %s", [name, path])

node_paths(c, nodes) := {devices(c)[i].path | some i in nodes}

# has_env: a variable has one of the values, in any letter case. One may stand
# there twice: which counts is up to the program.
has_env(c, name, values) if {
	some line in arr(object.get(c.spec, ["process", "env"], []))
	startswith(line, sprintf("%s=", [name]))
	lower(substring(line, count(name) + 1, -1)) in values
}

args(c) := arr(object.get(c.spec, ["process", "args"], []))

# words are those of the arguments, also within a line for a shell.
words(c) := [word | some arg in args(c); some word in regex.split("[ \t\n;&|]+", arg)]

# programs are the names of what an argument may start.
programs(c) := {base(word) | some word in words(c)}

base(path) := regex.replace(path, `^.*/`, "")

# core_is_zero: of several limits none allows a core dump.
core_is_zero(c) if {
	{r.hard | some r in arr(object.get(c.spec, ["process", "rlimits"], [])); r.type == "RLIMIT_CORE"} == {0}
}
