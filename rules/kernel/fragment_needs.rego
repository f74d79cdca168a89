# What the components of a system need from the kernel. An entry of given.fragment.needs
# names its options, and one way in which a component can need them:
#   - sections: the component is in a section.
#   - namespaces: it gets a new namespace of a kind.
#   - resources: it has a limit.
#   - keys: its spec has a value at a path.
#   - writable: its root filesystem is writable.
#   - filesystems: it mounts a filesystem.
#   - programs: its command starts a program.
#   - devices: it has a device.
#   - interfaces: it creates a network interface.
#   - capabilities: it has a capability, but not all of them: `all` shows no need.
#   - formats: the system is built in a format.
package seaworthy.fragment

import data.seaworthy.given
import data.seaworthy.lib

# needed are the needs for each option.
needed := {option: list |
	some option in {option | some n in given.fragment.needs; some option in n.options}
	list := [{"need": n.text, "source": n.source, "components": sort(users[i])} |
		some i, n in given.fragment.needs
		option in n.options
		users[i]
	]
	count(list) > 0
}

# users are the components that have a need.
users[i] contains c.id if {
	some i, n in given.fragment.needs
	some c in input.components
	c.section in n.sections
}

users[i] contains c.id if {
	some i, n in given.fragment.needs
	some c in lib.containers
	has_need(c, n)
}

users[i] contains sprintf("format %s", [f.name]) if {
	some i, n in given.fragment.needs
	some f in input.formats
	f.name in n.formats
}

has_need(c, n) if {
	some ns in n.namespaces
	lib.own_ns(c, ns)
}

has_need(c, n) if {
	some kind in n.resources
	count(object.get(c.spec, ["linux", "resources", kind], {})) > 0
}

has_need(c, n) if {
	some key in n.keys
	not object.get(c.spec, split(trim_prefix(key, "/"), "/"), null) in {null, ""}
}

has_need(c, n) if {
	n.writable
	not lib.readonly_root(c)
}

has_need(c, n) if {
	some m in lib.arr(object.get(c.spec, "mounts", []))
	m.type in n.filesystems
}

has_need(c, n) if count(lib.programs(c) & {name | some name in n.programs}) > 0

has_need(c, n) if {
	some d in lib.arr(object.get(c.spec, ["linux", "devices"], []))
	d.path in n.devices
}

has_need(c, n) if {
	some i in lib.arr(object.get(lib.obj(c.runtime), "interfaces", []))
	i.add in n.interfaces
}

has_need(c, n) if {
	not lib.all_caps(c)
	count(lib.caps(c) & {name | some name in n.capabilities}) > 0
}
