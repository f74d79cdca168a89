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

# root_equivalent_caps are the capabilities by which another user does as root: he becomes
# root, or passes by the modes of files.
root_equivalent_caps(c) := caps(c) & {"CAP_DAC_OVERRIDE", "CAP_SETUID"}

# root_identity is how a container does as root; undefined where it does not.
root_identity(c) := "root" if {
	uid(c) == 0
} else := sprintf("uid %d with %s", [uid(c), one_line(root_equivalent_caps(c))]) if {
	count(root_equivalent_caps(c)) > 0
}

no_new_privileges(c) if object.get(c.spec, ["process", "noNewPrivileges"], false) == true

readonly_root(c) if object.get(c.spec, ["root", "readonly"], false) == true

seccomp(c) := object.get(c.spec, ["linux", "seccomp"], null)

has_seccomp(c) if is_object(seccomp(c))

# passing_actions are the actions after which the kernel makes the system call, or a
# program outside the filter may let it.
passing_actions := {"SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE"}

# passed_calls are the system calls that a profile lets through with some
# arguments. What a rule compares does not make a call harmless: it may be an
# argument that the call does not have, or one that the caller is free to choose.
passed_calls(c) := {name |
	some rule in arr(seccomp(c).syscalls)
	rule.action in passing_actions
	some name in rule.names
	not harmless_form(rule, name)
}

# Of these calls only a flag in the first argument matters: that which makes a
# user namespace (CLONE_NEWUSER). It asks for no capability, all others do.
flag_of := {"clone": 268435456, "unshare": 268435456}

# harmless_form: no value that passes has the flag. Comparisons of different
# arguments must all hold; where one argument is compared twice the runtimes make
# a rule of each comparison, which lets through what it meets by itself.
harmless_form(rule, name) if {
	flag := flag_of[name]
	comparisons := arr(object.get(rule, "args", []))
	indexes := [a.index | some a in comparisons]
	kept := [a | some a in comparisons; a.index == 0; excludes_flag(a, flag)]
	count(kept) > 0
	condition_suffices(count(kept), count(comparisons), count({i | some i in indexes}))
}

condition_suffices(_, comparisons, arguments) if comparisons == arguments

condition_suffices(kept, comparisons, _) if kept == comparisons

excludes_flag(a, flag) if {
	a.op == "SCMP_CMP_EQ"
	bits.and(a.value, flag) == 0
}

# value is the mask, valueTwo what is left under it.
excludes_flag(a, flag) if {
	a.op == "SCMP_CMP_MASKED_EQ"
	bits.and(a.value, flag) == flag
	bits.and(object.get(a, "valueTwo", 0), flag) == 0
}

excludes_flag(a, flag) if {
	a.op == "SCMP_CMP_LT"
	a.value <= flag
}

excludes_flag(a, flag) if {
	a.op == "SCMP_CMP_LE"
	a.value < flag
}

# blocks_call: a profile keeps the container from the system call.
blocks_call(c, name) if {
	has_seccomp(c)
	not seccomp(c).defaultAction in passing_actions
	not name in passed_calls(c)
}

# What cgroup v2 calls its files is written last, and holds. A limit that the
# machine reaches before it does limits nothing: the parameters say where that is.
pids_limit(c) := bounded(asked_limit(c, "pids.max"), given.params.no_limit.pids)

memory_limit(c) := bounded(asked_limit(c, "memory.max"), given.params.no_limit.memory)

bounded(limit, ceiling) := limit if {
	limit < ceiling
} else := 0

asked_limit(c, file) := to_number(digits) * unit_of[upper(unit)] if {
	[[_, digits, unit]] := regex.find_all_string_submatch_n(`^\s*([0-9]{1,20})([KMGTkmgt]?)\s*$`, unified(c)[file], 1)
} else := 0 if {
	unified(c)[file]
} else := object.get(c.spec, ["linux", "resources", kind, "limit"], 0) if {
	kind := split(file, ".")[0]
}

unit_of := {"": 1, "K": 1024, "M": 1048576, "G": 1073741824, "T": 1099511627776}

# limit_text is what is asked for where that is no limit.
limit_text(c, file) := sprintf("%s: %s", [file, unified(c)[file]]) if {
	unified(c)[file]
} else := format_int(asked_limit(c, file), 10) if {
	asked_limit(c, file) > 0
} else := "none"

unified(c) := obj(object.get(c.spec, ["linux", "resources", "unified"], {}))

# cgroup is where a container's limits are written. Without a path crun takes
# the container's name.
cgroup(c) := clean(path) if {
	path := object.get(c.spec, ["linux", "cgroupsPath"], "")
	path != ""
} else := clean(c.name)

# cgroup_shared are the services whose limits are not theirs alone: they have the
# cgroup of another one, or one lies in the other's.
cgroup_shared[c.id] contains other if {
	some c in services
	some other in cgroup_users[folders(cgroup(c))[_]]
	other != c.id
}

cgroup_shared[other] contains c.id if {
	some c in services
	some other in cgroup_users[folders(cgroup(c))[_]]
	other != c.id
}

cgroup_users[cgroup(c)] contains c.id if some c in services

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
