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

# ns_said is where os.yml says that the namespace comes from.
ns_said(c, kind) := paths[0] if {
	paths := [ns_path(ns) | some ns in namespaces(c); ns.type == kind; ns_path(ns) != ""]
} else := "host"

# host_root: a user of the container is the host's root. In a user namespace
# without mappings crun makes root the host's.
host_root(c) if host_ns(c, "user")

host_root(c) if {
	maps := arr(object.get(c.spec, ["linux", "uidMappings"], []))
	maps_root(maps)
}

maps_root([])

maps_root(maps) if {
	some m in maps
	m.hostID == 0
	m.size > 0
}
