# Namespaces of containers, including those that a container joins.
package seaworthy.lib

# namespaces are the namespaces in the effective spec.
namespaces(c) := arr(object.get(c.spec, ["linux", "namespaces"], []))

# has_ns: the spec has a namespace of the kind.
has_ns(c, kind) if {
	some ns in namespaces(c)
	ns.type == kind
}

# own_ns: the container gets a new namespace of the kind.
own_ns(c, kind) if {
	some ns in namespaces(c)
	ns.type == kind
	ns_path(ns) == ""
}

# ns_path is the path of the namespace that the container joins, or "".
ns_path(ns) := object.get(ns, "path", "")

# host_ns: the container shares the namespace with the host. The spec has no
# namespace of the kind, or it joins that of the host.
host_ns(c, kind) if not has_ns(c, kind)

host_ns(c, kind) if {
	some ns in namespaces(c)
	ns.type == kind
	ns_path(ns) != ""
	start := host_path(ns_path(ns))
	some end in graph.reachable(object.union({start: []}, object.get(ns_graph, kind, {})), {start})
	of_host(end)
}

# of_host: the path is a namespace of the host. Below /proc, the namespaces are those
# of init when the container starts.
of_host("host")

of_host(path) if under(path, "/proc")

# ns_names are the paths under runtime.bindNS, by kind. Each has its targets: "host",
# or the path that the component joins; none if the component creates a namespace.
ns_names[kind][path] contains target if {
	some c in containers
	some kind, key in ns_keys
	path := bound_ns(c, key)
	some target in ns_targets(c, kind)
}

ns_targets(c, kind) := {"host"} if {
	not has_ns(c, kind)
} else := {host_path(ns_path(ns)) | some ns in namespaces(c); ns.type == kind; ns_path(ns) != ""}

# bound_ns is the path under runtime.bindNS for a key.
bound_ns(c, key) := host_path(path) if {
	path := object.get(obj(c.runtime), ["bindNS", key], "")
	path != ""
}

# ns_keys are the keys of bindNS for the kinds of the OCI runtime spec.
ns_keys := {"network": "net", "ipc": "ipc", "mount": "mnt", "pid": "pid", "user": "user", "uts": "uts", "cgroup": "cgroup"}

ns_graph[kind] := {node: object.get(names, node, set()) | some node in nodes} if {
	some kind, names in ns_names
	nodes := object.keys(names) | union({targets | some targets in names})
}

# made_ns are the paths under runtime.bindNS of namespaces that components create.
made_ns[kind] contains path if {
	some c in containers
	some kind, key in ns_keys
	own_ns(c, kind)
	path := bound_ns(c, key)
}

# networked: the container has a network. Its own network counts if it has an
# interface or an exposed port, or if other components can join it.
networked(c) if not own_ns(c, "network")

networked(c) if count(arr(object.get(obj(c.runtime), "interfaces", []))) > 0

networked(c) if count(arr(c.image.exposedPorts)) > 0

networked(c) if bound_ns(c, "net")

# ns_source is the path of the namespace that the container joins, or "host".
ns_source(c, kind) := paths[0] if {
	paths := [ns_path(ns) | some ns in namespaces(c); ns.type == kind; ns_path(ns) != ""]
} else := "host"

# host_root: a user or a group of the container is root of the host. In a user
# namespace without mappings, crun maps root to root of the host. If a container
# joins a user namespace, its own mappings have no effect.
host_root(c) if host_ns(c, "user")

host_root(c) if {
	own_ns(c, "user")
	maps_root(c)
}

host_root(c) if {
	count(joined_users(c)) == 0
	not own_ns(c, "user")
}

host_root(c) if {
	some other in joined_users(c)
	maps_root(other)
}

# joined_users are the components that created the user namespace that this one
# joins.
joined_users(c) := joined(c, "user")

joined(c, kind) := [other |
	some ns in namespaces(c)
	ns.type == kind
	ns_path(ns) != ""
	ends := graph.reachable(object.union({host_path(ns_path(ns)): []}, object.get(ns_graph, kind, {})), {host_path(ns_path(ns))})
	some other in containers
	own_ns(other, kind)
	bound_ns(other, ns_keys[kind]) in ends
]

# does_as are the components whose processes a container can see and trace: the
# container then has their files, mounts and namespaces. The kernel wants the
# same user, and all capabilities of the traced one, or CAP_SYS_PTRACE.
does_as(c) := [other |
	some other in joined(c, "pid")
	may_trace(c, other)
]

may_trace(c, _) if "CAP_SYS_PTRACE" in caps(c)

may_trace(c, other) if {
	uid(c) == uid(other)
	not own_ns(c, "user")
	not own_ns(other, "user")
	count(caps(other) - caps(c)) == 0
}

# maps_root: the mappings of a container include root of the host.
maps_root(c) if count(mapped(c, "uidMappings")) == 0

maps_root(c) if {
	some key in ["uidMappings", "gidMappings"]
	some m in mapped(c, key)
	m.hostID == 0
}

mapped(c, key) := [m | some m in arr(object.get(c.spec, ["linux", key], [])); m.size > 0]

# unshared_root: root in the container has a number on the host that is not root, not
# the user of another component, and not the owner of a file on the host.
unshared_root(c) if {
	not host_root(c)
	not maps_known_user(c)
}

maps_known_user(c) if {
	some m in mapped(c, "uidMappings")
	some uid in known_users
	uid >= m.hostID
	uid < m.hostID + m.size
}

known_users contains uid(c) if {
	some c in containers
	host_ns(c, "user")
}

known_users contains f.uid if some f in files

# host_caps are the capabilities that are valid outside the container, in the first
# user namespace. In its own user namespace, root has capabilities only over what
# that namespace owns.
host_caps(c) := caps(c) if {
	host_root(c)
} else := set()
