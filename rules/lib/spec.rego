# The values of an effective OCI runtime spec.
package seaworthy.lib

import data.seaworthy.given

capability_sets := ["bounding", "effective", "permitted", "inheritable", "ambient"]

# caps are all capabilities that processes of a container can get.
caps(c) := {name |
	some kind in capability_sets
	some name in object.get(c.spec, ["process", "capabilities", kind], [])
}

# ambient are the ambient capabilities of a container.
ambient(c) := {name | some name in object.get(c.spec, ["process", "capabilities", "ambient"], [])}

# known_caps are the capabilities of Linux 6.x; the last is CAP_CHECKPOINT_RESTORE (40).
known_caps := {name | some name in given.params.known_capabilities}

# all_caps: the container has all capabilities. The builder expands `all` to its own
# list, so a few missing names do not matter.
all_caps(c) if c.id in all_capable

all_capable := {c.id | some c in containers; count(caps(c) & known_caps) >= count(known_caps) - 3}

# uid is the user of a container.
uid(c) := object.get(c.spec, ["process", "user", "uid"], 0)

# root_equivalent_caps are the capabilities with which another user can become root,
# or ignore the modes of files.
root_equivalent_caps(c) := caps(c) & {"CAP_DAC_OVERRIDE", "CAP_SETUID"}

# root_identity says how a container has the power of root. It is undefined if it
# does not.
root_identity(c) := "root" if {
	uid(c) == 0
} else := sprintf("uid %d with %s", [uid(c), one_line(root_equivalent_caps(c))]) if {
	count(root_equivalent_caps(c)) > 0
}

# no_new_privileges: noNewPrivileges is set.
no_new_privileges(c) if object.get(c.spec, ["process", "noNewPrivileges"], false) == true

# readonly_root: the root filesystem is read-only.
readonly_root(c) if object.get(c.spec, ["root", "readonly"], false) == true

# apparmor is the AppArmor profile that a container asks for, "" for none.
apparmor(c) := profile if {
	profile := str(object.get(c.spec, ["process", "apparmorProfile"], ""))
	profile != "unconfined"
} else := ""

# seccomp is the seccomp profile, or null.
seccomp(c) := object.get(c.spec, ["linux", "seccomp"], null)

# has_seccomp: the container has a seccomp profile.
has_seccomp(c) if is_object(seccomp(c))

# passing_actions are the actions with which the kernel runs the system call, or
# another program can allow it.
passing_actions := {"SCMP_ACT_ALLOW", "SCMP_ACT_LOG", "SCMP_ACT_NOTIFY", "SCMP_ACT_TRACE"}

# passed_calls are the system calls that a profile allows with some arguments. A
# comparison does not make a call harmless: the call may not have the argument, or
# the caller can choose it freely.
passed_calls(c) := {name |
	some rule in arr(seccomp(c).syscalls)
	rule.action in passing_actions
	some name in rule.names
	not harmless_form(rule, name)
}

# flag_of are the calls with a dangerous flag in the first argument: CLONE_NEWUSER
# creates a user namespace. It needs no capability; all other flags do.
flag_of := {"clone": 268435456, "unshare": 268435456}

# harmless_form: the rule allows the call only without its dangerous flag. Comparisons
# of different arguments must all hold. If one argument is compared twice, runtimes
# create one rule for each comparison, and each rule allows the call by itself.
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

# value is the mask, and valueTwo the required result.
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

# blocks_call: the seccomp profile blocks the system call.
blocks_call(c, name) if {
	has_seccomp(c)
	not seccomp(c).defaultAction in passing_actions
	not name in passed_calls(c)
}

# pids_limit is the limit for processes, or 0 for none. Values for files of cgroup v2
# are written last and take effect. A limit above the size of a machine
# (params.no_limit) counts as none.
pids_limit(c) := bounded(asked_limit(c, "pids.max"), given.params.no_limit.pids)

# memory_limit is the limit for memory in bytes, or 0 for none.
memory_limit(c) := bounded(asked_limit(c, "memory.max"), given.params.no_limit.memory)

bounded(limit, ceiling) := limit if {
	limit < ceiling
} else := 0

# asked_limit is the limit in the spec for a file of cgroup v2.
asked_limit(c, file) := to_number(digits) * unit_of[upper(unit)] if {
	[[_, digits, unit]] := regex.find_all_string_submatch_n(`^\s*([0-9]{1,20})([KMGTkmgt]?)\s*$`, unified(c)[file], 1)
} else := 0 if {
	unified(c)[file]
} else := object.get(c.spec, ["linux", "resources", kind, "limit"], 0) if {
	kind := split(file, ".")[0]
}

unit_of := {"": 1, "K": 1024, "M": 1048576, "G": 1073741824, "T": 1099511627776}

# limit_text is the text of a limit that has no effect.
limit_text(c, file) := sprintf("%s: %s", [file, unified(c)[file]]) if {
	unified(c)[file]
} else := format_int(asked_limit(c, file), 10) if {
	asked_limit(c, file) > 0
} else := "none"

# unified are the values for files of cgroup v2.
unified(c) := obj(object.get(c.spec, ["linux", "resources", "unified"], {}))

# cgroup is the cgroup of a container. Without a path in the spec, crun uses the name
# of the container.
cgroup(c) := clean(path) if {
	path := object.get(c.spec, ["linux", "cgroupsPath"], "")
	path != ""
} else := clean(c.name)

# cgroup_shared are the services that share limits: two have the same cgroup, or the
# cgroup of one is inside that of the other.
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

# has_env: a variable has one of the values, in any letter case. A variable can
# appear twice, and each program decides which one counts.
has_env(c, name, values) if {
	some line in arr(object.get(c.spec, ["process", "env"], []))
	startswith(line, sprintf("%s=", [name]))
	lower(substring(line, count(name) + 1, -1)) in values
}

# args are the arguments of the process.
args(c) := arr(object.get(c.spec, ["process", "args"], []))

# words are the words of the arguments, also inside a line for a shell.
words(c) := [word | some arg in args(c); some word in regex.split("[ \t\n;&|]+", arg)]

# programs are the names of programs that an argument can start.
programs(c) := {base(word) | some word in words(c)}

# base is the last element of a path.
base(path) := regex.replace(path, `^.*/`, "")

# core_is_zero: no limit allows a core dump.
core_is_zero(c) if {
	{r.hard | some r in arr(object.get(c.spec, ["process", "rlimits"], [])); r.type == "RLIMIT_CORE"} == {0}
}
