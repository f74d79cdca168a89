# Namespaces of containers: whose they are, also where one joins another's.
package seaworthy.lib

namespaces(c) := arr(object.get(c.spec, ["linux", "namespaces"], []))

has_ns(c, kind) if {
	some ns in namespaces(c)
	ns.type == kind
}

# own_ns: the spec asks for a new one.
own_ns(c, kind) if {
	some ns in namespaces(c)
	ns.type == kind
	ns_path(ns) == ""
}

ns_path(ns) := object.get(ns, "path", "")

# host_ns: the container shares this namespace with the host, either because
# the spec asks for no new one or because it joins one that is the host's.
host_ns(c, kind) if not has_ns(c, kind)

host_ns(c, kind) if {
	some ns in namespaces(c)
	ns.type == kind
	ns_path(ns) != ""
	start := host_path(ns_path(ns))
	some end in graph.reachable(object.union({start: []}, object.get(ns_graph, kind, {})), {start})
	of_host(end)
}

# of_host: what stands below /proc when a container is started is init's.
of_host("host")

of_host(path) if under(path, "/proc")

# ns_names says what a path at which a component leaves its namespace stands
# for: the host's, or another such path; nothing where the component made a new
# one.
ns_names[kind][path] contains target if {
	some c in containers
	some kind, key in ns_keys
	path := bound_ns(c, key)
	some target in ns_targets(c, kind)
}

ns_targets(c, kind) := {"host"} if {
	not has_ns(c, kind)
} else := {host_path(ns_path(ns)) | some ns in namespaces(c); ns.type == kind; ns_path(ns) != ""}

bound_ns(c, key) := host_path(path) if {
	path := object.get(obj(c.runtime), ["bindNS", key], "")
	path != ""
}

# What bindNS of os.yml calls the kinds of the OCI runtime spec.
ns_keys := {"network": "net", "ipc": "ipc", "mount": "mnt", "pid": "pid", "user": "user", "uts": "uts", "cgroup": "cgroup"}

ns_graph[kind] := {node: object.get(names, node, set()) | some node in nodes} if {
	some kind, names in ns_names
	nodes := object.keys(names) | union({targets | some targets in names})
}

# made_ns are the paths at which a component leaves a namespace that it made.
made_ns[kind] contains path if {
	some c in containers
	some kind, key in ns_keys
	own_ns(c, kind)
	path := bound_ns(c, key)
}

# networked: a network of its own is none as long as nothing is moved into it,
# and nothing joins it.
networked(c) if not own_ns(c, "network")

networked(c) if count(arr(object.get(obj(c.runtime), "interfaces", []))) > 0

networked(c) if count(arr(c.image.exposedPorts)) > 0

networked(c) if bound_ns(c, "net")

# ns_source is where os.yml says that the namespace comes from.
ns_source(c, kind) := paths[0] if {
	paths := [ns_path(ns) | some ns in namespaces(c); ns.type == kind; ns_path(ns) != ""]
} else := "host"

# host_root: a user or a group of the container is the host's root. In a user
# namespace without mappings crun makes root the host's. Where a container joins
# another's, its own mappings do nothing.
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

# joined_users are the components that made the user namespace that this one joins.
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

# does_as are the components whose processes a container sees in their pid namespace
# and may trace: it then has their files, mounts and namespaces. The kernel wants the
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

maps_root(c) if count(mapped(c, "uidMappings")) == 0

maps_root(c) if {
	some key in ["uidMappings", "gidMappings"]
	some m in mapped(c, key)
	m.hostID == 0
}

mapped(c, key) := [m | some m in arr(object.get(c.spec, ["linux", key], [])); m.size > 0]

# unshared_root: root in the container is neither the host's root nor a user by
# whose number another component runs, or who has a file on the host.
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

# host_caps are the capabilities that count outside the container: those that the
# kernel asks for in the first user namespace. In one of its own, root holds
# them over what that namespace owns.
host_caps(c) := caps(c) if {
	host_root(c)
} else := set()
