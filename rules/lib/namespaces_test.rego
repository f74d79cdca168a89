package seaworthy.test.lib

import data.seaworthy.lib

joins(kind, path) := {"section": "services", "spec": {"linux": {"namespaces": [{"type": kind, "path": path}]}}}

# leaves is a component that binds its namespace to a path. The namespace is new
# (""), that of the host ("host"), or that of another path.
leaves(kind, from, at) := {"section": "onboot", "spec": {"linux": {"namespaces": [n | from != "host"; n := {"type": kind, "path": from}]}}, "runtime": {"bindNS": {lib.ns_keys[kind]: at}}}

test_host_ns if {
	lib.host_ns({"spec": {"linux": {"namespaces": []}}}, "pid")
	every path in ["/proc/1/ns/pid", "/proc/self/ns/pid", "/proc/thread-self/ns/pid", "/proc/2/task/2/ns/pid"] {
		lib.host_ns(joins("pid", path), "pid")
	}
	not lib.host_ns(joins("pid", ""), "pid")
	not lib.host_ns(joins("pid", "/run/pidns/other"), "pid")
	not lib.host_ns(joins("pid", "/procedure/ns"), "pid")
}

# Another component binds the namespace of the host to a path.
test_host_ns_by_another if {
	c := joins("network", "/run/netns/a")
	others := [
		leaves("network", "/run/netns/b", "/run/netns/a"),
		leaves("network", "/var/run/netns/c", "/run/netns/b"),
	]
	every last in [leaves("network", "host", "/run/netns/c"), leaves("network", "/proc/self/ns/net", "/run/netns/c")] {
		lib.host_ns(c, "network") with input as {"components": array.concat(others, [last])}
	}
	not lib.host_ns(c, "network") with input as {"components": array.concat(others, [leaves("network", "", "/run/netns/c")])}
	not lib.host_ns(c, "network") with input as {"components": others}
	not lib.host_ns(c, "network") with input as {"components": array.concat(others, [leaves("ipc", "host", "/run/netns/c")])}
}

# Two paths that refer to each other do not end in the host.
test_host_ns_in_a_ring if {
	ring := [leaves("network", "/run/netns/b", "/run/netns/a"), leaves("network", "/run/netns/a", "/run/netns/b")]
	not lib.host_ns(joins("network", "/run/netns/a"), "network") with input as {"components": ring}
}

test_made_ns if {
	some kind, _ in lib.ns_keys
	lib.made_ns[kind] == {"/run/x"} with input as {"components": [leaves(kind, "", "/var/run/x")]}
	not lib.made_ns[kind] with input as {"components": [leaves(kind, "host", "/run/x")]}
	not lib.made_ns[kind] with input as {"components": [leaves(kind, "", "")]}
}

test_ns_said if {
	lib.ns_source(joins("pid", "/proc/1/ns/pid"), "pid") == "/proc/1/ns/pid"
	lib.ns_source(joins("pid", "/proc/1/ns/pid"), "network") == "host"
	lib.ns_source(joins("pid", ""), "pid") == "host"
}

maps(list) := {"spec": {"linux": {"namespaces": [{"type": "user"}], "uidMappings": list}}}

test_host_root if {
	lib.host_root({"spec": {"linux": {"namespaces": []}}})
	lib.host_root(joins("user", "/proc/1/ns/user"))
	lib.host_root(joins("user", ""))
	lib.host_root(maps([{"containerID": 0, "hostID": 100000, "size": 10}, {"containerID": 10, "hostID": 0, "size": 1}]))
	not lib.host_root(maps([{"containerID": 0, "hostID": 1, "size": 10}]))
	not lib.host_root(maps([{"containerID": 0, "hostID": 1, "size": 10}, {"containerID": 0, "hostID": 0, "size": 0}]))
	lib.host_root(maps([{"containerID": 0, "hostID": 1, "size": 0}]))
	lib.host_root(json.patch(maps([{"containerID": 0, "hostID": 1, "size": 10}]), [{"op": "add", "path": "/spec/linux/gidMappings", "value": [{"containerID": 0, "hostID": 0, "size": 1}]}]))
}

# A joined namespace has the mappings of the component that created it.
joined(list, path) if {
	c := {"id": "services/b", "section": "services", "spec": {"linux": {
		"namespaces": [{"type": "user", "path": path}], "uidMappings": [{"containerID": 0, "hostID": 7, "size": 1}],
	}}}
	maker := object.union(maps(list), {"id": "onboot/a", "section": "onboot", "runtime": {"bindNS": {"user": "/run/u"}}})
	lib.host_root(c) with input as {"components": [maker, c]}
}

test_joined_users if {
	joined([{"containerID": 0, "hostID": 0, "size": 1}], "/run/u")
	joined([], "/run/u")
	joined([{"containerID": 0, "hostID": 1, "size": 1}], "/run/other")
	not joined([{"containerID": 0, "hostID": 1, "size": 1}], "/run/u")
}

stranger(uid, owner) if {
	c := object.union(maps([{"containerID": 0, "hostID": 1000, "size": 10}]), {"id": "services/a", "section": "services"})
	other := {"id": "services/b", "section": "services", "spec": {"process": {"user": {"uid": uid}}, "linux": {}}}
	lib.unshared_root(c) with input as {"components": [c, other], "files": [{"path": "/srv/x", "type": "file", "uid": owner}]}
}

test_stranger_root if {
	stranger(999, 1010)
	not stranger(1000, 0)
	not stranger(1009, 0)
	not stranger(0, 1003)
	not lib.unshared_root({"spec": {"linux": {}}})
}

test_host_caps if {
	process := {"spec": {"process": {"capabilities": {"bounding": ["CAP_BPF"]}}}}
	lib.host_caps(process) == {"CAP_BPF"}
	lib.host_caps(object.union(process, maps([{"containerID": 0, "hostID": 1, "size": 10}]))) == set()
}

test_networked if {
	own := {"image": {}, "spec": {"linux": {"namespaces": [{"type": "network"}]}}}
	not lib.networked(own)
	lib.networked({"image": {}, "spec": {}})
	lib.networked(object.union(own, {"image": {"exposedPorts": ["80/tcp"]}}))
	lib.networked(object.union(own, {"runtime": {"interfaces": [{"name": "eth0"}]}}))
	lib.networked(object.union(own, {"runtime": {"bindNS": {"net": "/run/netns/x"}}}))
}
