# METADATA
# description: |-
#   Edits of os.yml that mend a finding: lists of {op, component, path, value},
#   for the key `edits` of a finding. What is written decides how: a key of
#   os.yml replaces the label's as a whole, so that what a label says is mended
#   by saying it anew in os.yml.
package seaworthy.edit

import data.seaworthy.kernel
import data.seaworthy.lib

# written is what os.yml says about a component, label what its image says.
written(c) := lib.obj(object.get(c, "entry", {}))

label(c) := lib.obj(json.unmarshal(text)) if {
	text := c.image.labels["org.mobyproject.config"]
	json.is_valid(text)
} else := {}

# effective is the value of a key that counts, as written; undefined where nobody
# sets it.
effective(c, key) := written(c)[key]

effective(c, key) := label(c)[key] if not has_key(written(c), key)

has_key(o, key) if key in object.keys(o)

list_of(o, key) := lib.arr(object.get(o, key, []))

set_op(c, path, value) := [{"op": "set", "component": c.id, "path": path, "value": value}]

remove_op(c, path) := [{"op": "remove", "component": c.id, "path": path}]

remove_value_op(c, path, value) := [{"op": "remove", "component": c.id, "path": path, "value": value}]

append_op(c, path, value) := [{"op": "append", "component": c.id, "path": path, "value": value}]

# unset takes a key back to its default: out of os.yml, or where a label sets it
# too, by the value that means the same.
unset(c, key, _) := remove_op(c, sprintf("/%s", [key])) if {
	has_key(written(c), key)
	not has_key(label(c), key)
}

unset(c, key, neutral) := set_op(c, sprintf("/%s", [key]), neutral) if has_key(label(c), key)

unset(c, key, _) := [] if {
	not has_key(written(c), key)
	not has_key(label(c), key)
}

# as_user runs a component by the number that its own name is allotted, or by
# that which its image asks for, in a group of the same number. Programs that are
# setuid would give root back.
as_user(c) := array.flatten([set_op(c, "/uid", number), set_op(c, "/gid", number), block_setuid(c)]) if {
	number := user_number(c)
}

user_number(c) := to_number(user) if {
	user := split(lib.str(c.image.user), ":")[0]
	regex.match(`^[1-9][0-9]{0,8}$`, user)
} else := c.name

block_setuid(c) := set_op(c, "/noNewPrivileges", true) if {
	count(lib.arr(c.files.setid)) > 0
	not lib.no_new_privileges(c)
} else := []

# with_missing adds the texts to a list that misses some of them.
with_missing(c, key, texts) := array.flatten([append_op(c, sprintf("/%s", [key]), t) | some t in texts; not t in list_of(written(c), key)]) if {
	has_key(written(c), key)
}

with_missing(c, key, texts) := set_op(c, sprintf("/%s", [key]), array.concat(have, [t | some t in texts; not t in have])) if {
	not has_key(written(c), key)
	have := list_of(label(c), key)
}

# limit sets a value among the resources and keeps the label's others, save what
# would be written over it (lib.asked_limit).
limit(c, kind, name, value) := set_op(c, "/resources", object.union(kept, {kind: {name: value}})) if {
	not has_key(written(c), "resources")
	has_key(label(c), "resources")
	kept := json.remove(lib.obj(label(c).resources), [sprintf("/unified/%s.max", [kind])])
} else := array.flatten([set_op(c, sprintf("/resources/%s/%s", [kind, name]), value), remove_unified_op(c, kind)])

remove_unified_op(c, kind) := remove_op(c, sprintf("/resources/unified/%s.max", [kind])) if {
	object.get(written(c), ["resources", "unified", sprintf("%s.max", [kind])], "") != ""
} else := []

# core_zero keeps a component from leaving core dumps.
core_zero(c) := array.flatten([
	[e | some r in list_of(written(c), "rlimits"); startswith(r, "core,"); some e in remove_value_op(c, "/rlimits", r)],
	append_op(c, "/rlimits", "core,0,0"),
]) if {
	has_key(written(c), "rlimits")
} else := set_op(c, "/rlimits", array.concat([r | some r in list_of(label(c), "rlimits"); not startswith(r, "core,")], ["core,0,0"]))

# without_env takes a variable out of the environment.
without_env(c, name) := [e |
	some line in list_of(written(c), "env")
	split(line, "=")[0] == name
	some e in remove_value_op(c, "/env", line)
] if {
	has_key(written(c), "env")
} else := set_op(c, "/env", [line |
	some line in lib.arr(object.get(c.spec, ["process", "env"], []))
	split(line, "=")[0] != name
])

# without_annotation takes an annotation away.
without_annotation(c, name) := remove_op(c, sprintf("/annotations/%s", [escape(name)])) if {
	has_key(written(c), "annotations")
} else := set_op(c, "/annotations", object.remove(object.get(label(c), "annotations", {}), [name]))

# pinned names a component's image by the digest that it has now.
pinned(c) := set_op(c, image_path(c), sprintf("%s@%s", [c.image.reference, c.image.digest]))

image_path(c) := "" if {
	c.section == "init"
} else := "/image"

namespace_keys := {"network": "net", "pid": "pid", "ipc": "ipc", "uts": "uts", "user": "userns", "cgroup": "cgroupns"}

# own_namespace gives a component a namespace of its own.
own_namespace(c, kind_of) := [e |
	key := namespace_keys[kind_of]
	some e in set_op(c, sprintf("/%s", [key]), "new")
]

# shared_nets are the networks that components leave for others, by their paths.
shared_nets := sort({path |
	some c in lib.onboot
	path := lib.obj(lib.obj(c.runtime).bindNS).net
	startswith(path, "/run/netns/")
})

# own_net takes a component off the host's network: into the one that onboot
# leaves for services, or into an empty one. What listens would be heard by
# nothing there.
own_net(c) := set_op(c, "/net", shared_nets[0]) if {
	count(shared_nets) > 0
} else := [] if {
	count(lib.arr(c.image.exposedPorts)) > 0
} else := set_op(c, "/net", "new")

net_fix(c) := sprintf("set `net: %s` at %s: onboot leaves this network for services", [shared_nets[0], c.id]) if {
	count(shared_nets) > 0
} else := sprintf("let a component of onboot make a network (`net: new`, `runtime.interfaces`, `runtime.bindNS.net: /run/netns/NAME`), and set `net: /run/netns/NAME` at %s. `net: new` alone is a network without an interface, in which no connection reaches %s; if it must share the network of the host, an allowance or a waiver says why", [c.id, c.id])

# own_users gives a component a user namespace of its own, with numbers that
# nobody else has.
own_users(c) := array.flatten([
	set_op(c, "/userns", "new"),
	set_op(c, "/uidMappings", [{"containerID": 0, "hostID": 100000, "size": 65536}]),
	set_op(c, "/gidMappings", [{"containerID": 0, "hostID": 100000, "size": 65536}]),
])

host_users(c) := array.flatten([
	unset(c, "userns", "host"),
	[e | some key in ["uidMappings", "gidMappings"]; has_key(written(c), key); some e in remove_op(c, sprintf("/%s", [key]))],
])

# with_seccomp gives a component the usual seccomp profile, where the kernel can
# apply one.
with_seccomp(c) := set_op(c, "/seccomp", "default") if {
	not kernel.off("CONFIG_SECCOMP")
	not kernel.off("CONFIG_SECCOMP_FILTER")
} else := []

# with_lsm makes a profile or label count: the kernel starts the module, or
# where it has none the key that promises it goes.
with_lsm(c, name) := enable_lsm(name) if {
	kernel.lsm_built(name)
} else := unset(c, name, "")

# file is an entry of the files section, as edits name it.
file(f) := {"id": sprintf("files%s", [f.path])}

# safe_mode is a mode without setuid and setgid, and not writable by others.
safe_mode(mode) := sprintf("0%s%d", [substring(last_three, 0, 2), others]) if {
	last_three := substring(sprintf("00%s", [mode]), count(mode) - 1, -1)
	others := bits.and(to_number(substring(last_three, 2, -1)), 5)
}

# deny_devices begins a component's device rules with one that denies them all.
deny_devices(c) := set_op(c, "/resources", object.union(lib.obj(label(c).resources), {"devices": array.concat([deny_all], theirs)})) if {
	not has_key(written(c), "resources")
	has_key(label(c), "resources")
	theirs := lib.arr(object.get(label(c), ["resources", "devices"], []))
} else := set_op(c, "/resources/devices", array.concat([deny_all], ours)) if {
	ours := lib.arr(object.get(written(c), ["resources", "devices"], []))
}

deny_all := {"allow": false, "access": "rwm"}

# without_key takes a key out that has no effect.
without_key(id, name) := [e |
	some c in input.components
	c.id == id
	has_key(written(c), name)
	some e in remove_op(c, sprintf("/%s", [name]))
]
