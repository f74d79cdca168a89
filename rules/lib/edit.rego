# METADATA
# description: |-
#   Edits of os.yml that remedy a finding: lists of {op, component, path, value},
#   for the key `edits` of a finding. A key of os.yml replaces the same key of the
#   image label as a whole. To change a value from the label, an edit therefore
#   writes the whole key into os.yml.
package seaworthy.edit

import data.seaworthy.kernel
import data.seaworthy.lib

# written is the entry of a component in os.yml.
written(c) := lib.obj(object.get(c, "entry", {}))

# label is the configuration in the label of the image.
label(c) := lib.obj(json.unmarshal(text)) if {
	text := c.image.labels["org.mobyproject.config"]
	json.is_valid(text)
} else := {}

# effective is the value of a key in os.yml, or else in the image label. It is
# undefined if neither sets the key.
effective(c, key) := written(c)[key]

effective(c, key) := label(c)[key] if not has_key(written(c), key)

# has_key: the object has the key, with any value.
has_key(o, key) if key in object.keys(o)

# list_of is the list under a key, or an empty list.
list_of(o, key) := lib.arr(object.get(o, key, []))

# set_op sets the value at a path of a component.
set_op(c, path, value) := [{"op": "set", "component": c.id, "path": path, "value": value}]

# remove_op removes the value at a path of a component.
remove_op(c, path) := [{"op": "remove", "component": c.id, "path": path}]

# remove_value_op removes a value from the list at a path.
remove_value_op(c, path, value) := [{"op": "remove", "component": c.id, "path": path, "value": value}]

# append_op appends a value to the list at a path.
append_op(c, path, value) := [{"op": "append", "component": c.id, "path": path, "value": value}]

# unset restores the default of a key. It removes the key from os.yml; if the label
# sets it too, it writes the neutral value.
unset(c, key, _) := remove_op(c, sprintf("/%s", [key])) if {
	has_key(written(c), key)
	not has_key(label(c), key)
}

unset(c, key, neutral) := set_op(c, sprintf("/%s", [key]), neutral) if has_key(label(c), key)

unset(c, key, _) := [] if {
	not has_key(written(c), key)
	not has_key(label(c), key)
}

# with_missing adds the texts that a list lacks.
with_missing(c, key, texts) := array.flatten([append_op(c, sprintf("/%s", [key]), t) | some t in texts; not t in list_of(written(c), key)]) if {
	has_key(written(c), key)
}

with_missing(c, key, texts) := set_op(c, sprintf("/%s", [key]), array.concat(have, [t | some t in texts; not t in have])) if {
	not has_key(written(c), key)
	have := list_of(label(c), key)
}

# limit sets a limit under resources and keeps the other limits of the label. It
# drops a value of cgroup v2 that would override it (see lib.asked_limit).
limit(c, kind, name, value) := set_op(c, "/resources", object.union(kept, {kind: {name: value}})) if {
	not has_key(written(c), "resources")
	has_key(label(c), "resources")
	kept := json.remove(lib.obj(label(c).resources), [sprintf("/unified/%s.max", [kind])])
} else := array.flatten([set_op(c, sprintf("/resources/%s/%s", [kind, name]), value), remove_unified_op(c, kind)])

# remove_unified_op removes the same limit under resources.unified.
remove_unified_op(c, kind) := remove_op(c, sprintf("/resources/unified/%s.max", [kind])) if {
	object.get(written(c), ["resources", "unified", sprintf("%s.max", [kind])], "") != ""
} else := []

# core_zero sets the limit for core dumps to 0.
core_zero(c) := array.flatten([
	[e | some r in list_of(written(c), "rlimits"); startswith(r, "core,"); some e in remove_value_op(c, "/rlimits", r)],
	append_op(c, "/rlimits", "core,0,0"),
]) if {
	has_key(written(c), "rlimits")
} else := set_op(c, "/rlimits", array.concat([r | some r in list_of(label(c), "rlimits"); not startswith(r, "core,")], ["core,0,0"]))

# without_env removes a variable from the environment.
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

# without_annotation removes an annotation.
without_annotation(c, name) := remove_op(c, sprintf("/annotations/%s", [escape(name)])) if {
	has_key(written(c), "annotations")
} else := set_op(c, "/annotations", object.remove(object.get(label(c), "annotations", {}), [name]))

# pinned adds the current digest to the image reference of a component.
pinned(c) := set_op(c, image_path(c), sprintf("%s@%s", [c.image.reference, c.image.digest]))

# image_path is where os.yml names the image of a component.
image_path(c) := "" if {
	c.section == "init"
} else := "/image"

# namespace_keys are the keys of os.yml for the kinds of namespaces.
namespace_keys := {"network": "net", "pid": "pid", "ipc": "ipc", "uts": "uts", "user": "userns", "cgroup": "cgroupns"}

# own_namespace gives a component its own namespace of a kind.
own_namespace(c, kind_of) := [e |
	key := namespace_keys[kind_of]
	some e in set_op(c, sprintf("/%s", [key]), "new")
]

# shared_nets are the paths of networks that onboot components create for others.
shared_nets := sort({path |
	some c in lib.onboot
	path := lib.obj(lib.obj(c.runtime).bindNS).net
	startswith(path, "/run/netns/")
})

# own_net moves a component from the network of the host into a shared network, or
# into an empty one. There is no edit for a component that listens on a port: in
# an empty network no connection reaches it.
own_net(c) := set_op(c, "/net", shared_nets[0]) if {
	count(shared_nets) > 0
} else := [] if {
	count(lib.arr(c.image.exposedPorts)) > 0
} else := set_op(c, "/net", "new")

# net_fix is the fix text for own_net.
net_fix(c) := sprintf("set `net: %s` at %s: onboot creates this network for services", [shared_nets[0], c.id]) if {
	count(shared_nets) > 0
} else := sprintf("create a network in a component of onboot (`net: new`, `runtime.interfaces`, `runtime.bindNS.net: /run/netns/NAME`), and set `net: /run/netns/NAME` at %s. `net: new` alone gives a network without an interface, where no connection reaches %s. If it must share the network of the host, write an allowance or a waiver", [c.id, c.id])

# with_seccomp gives a component the default seccomp profile, if the kernel can
# apply one.
with_seccomp(c) := set_op(c, "/seccomp", "default") if {
	not kernel.off("CONFIG_SECCOMP")
	not kernel.off("CONFIG_SECCOMP_FILTER")
} else := []

# with_lsm makes a profile or label effective: it starts the security module. If
# the kernel lacks the module, it removes the key.
with_lsm(c, name) := enable_lsm(name) if {
	kernel.lsm_built(name)
} else := unset(c, name, "")

# file is an entry of the files section, in the form that edits need.
file(f) := {"id": sprintf("files%s", [f.path])}

# safe_mode is the mode without setuid, setgid and write access for others.
safe_mode(mode) := sprintf("0%s%d", [substring(last_three, 0, 2), others]) if {
	last_three := substring(sprintf("00%s", [mode]), count(mode) - 1, -1)
	others := bits.and(to_number(substring(last_three, 2, -1)), 5)
}

# deny_devices puts a rule that denies all devices before the device rules.
deny_devices(c) := set_op(c, "/resources", object.union(lib.obj(label(c).resources), {"devices": array.concat([deny_all], theirs)})) if {
	not has_key(written(c), "resources")
	has_key(label(c), "resources")
	theirs := lib.arr(object.get(label(c), ["resources", "devices"], []))
} else := set_op(c, "/resources/devices", array.concat([deny_all], ours)) if {
	ours := lib.arr(object.get(written(c), ["resources", "devices"], []))
}

# deny_all is a device rule that denies all access.
deny_all := {"allow": false, "access": "rwm"}

# without_key removes a key that has no effect.
without_key(id, name) := [e |
	some c in input.components
	c.id == id
	has_key(written(c), name)
	some e in remove_op(c, sprintf("/%s", [name]))
]
