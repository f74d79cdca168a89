package seaworthy.test.edit_caps

import data.seaworthy.edit
import data.seaworthy.given
import data.seaworthy.lib

# c is a component with a program, an entry in os.yml and an image label.
c(program, entry, label, spec) := {
	"id": "onboot/net", "name": "net", "section": "onboot", "entry": entry, "runtime": {},
	"image": {
		"labels": {"org.mobyproject.config": json.marshal(label)}, "user": "", "digest": "sha256:0", "exposedPorts": ["80/tcp", "443/tcp"],
		"registry": "docker.io", "repository": "example/net",
	},
	"files": {"setid": []},
	"spec": object.union({"process": {"args": [program], "user": {"uid": 0}}, "linux": {"namespaces": [{"type": "network"}]}}, spec),
}

held(names) := {"process": {"capabilities": {"bounding": names}}}

set(path, v) := {"op": "set", "component": "onboot/net", "path": path, "value": v}

out(path) := {"op": "remove", "component": "onboot/net", "path": path}

N := "CAP_NET_ADMIN"

R := "CAP_NET_RAW"

A := "CAP_SYS_ADMIN"

B := "CAP_NET_BIND_SERVICE"

all := {"capabilities": ["all"]}

everything := held(given.params.known_capabilities)

# If the label lists what the image needs, the edit removes the key from os.yml and
# keeps the needed capabilities.
test_label if {
	dhcp := c("/bin/x", all, {"capabilities": [N, R]}, everything)
	edit.without_all(dhcp) == [out("/capabilities")]
	edit.without_caps(dhcp, {A}) == [out("/capabilities")]
	edit.without_caps(dhcp, {N}) == []
	edit.all_fix(dhcp, set()) == "remove `capabilities` of onboot/net from os.yml. The component then has only the capabilities in the label of its image (CAP_NET_ADMIN, CAP_NET_RAW)"
	edit.caps_fix(dhcp, {A}) == edit.all_fix(dhcp, set())
	contains(edit.caps_fix(dhcp, {N}), "because the component may need it (CAP_NET_ADMIN: the label of its image requests it). If the component works without this permission, write `capabilities: [CAP_NET_RAW]` there")
	contains(edit.all_fix(c("/bin/x", all, {"capabilities": []}, everything), set()), "in the label of its image (none)")
}

# A label that requests all capabilities does not count.
test_greedy_label if {
	greedy := c("/bin/x", {}, {"capabilities": given.params.known_capabilities}, everything)
	edit.without_all(greedy) == [set("/capabilities", sort(given.params.pss_baseline_caps))]
	fix := edit.all_fix(greedy, set())
	every name in lib.known_caps - {n | some n in given.params.pss_baseline_caps} {
		contains(fix, name)
	}
	contains(fix, "an allowance or a waiver")
}

test_program if {
	wg := c("/usr/bin/wg", all, {}, everything)
	edit.without_all(wg) == [set("/capabilities", [N])]
	edit.without_caps(wg, {A}) == [set("/capabilities", [N])]
	edit.without_caps(wg, {N}) == []
	contains(edit.all_fix(wg, set()), "write `capabilities: [CAP_NET_ADMIN]` at onboot/net in place of all: wg creates")
	contains(edit.caps_fix(wg, {N}), "wg needs it: it creates a network interface")
	edit.caps_fix(c("/bin/x", {"capabilities": [A]}, {}, held([A])), {A}) == "remove CAP_SYS_ADMIN from the capabilities of onboot/net. As far as Seaworthy knows, the component works without this permission. If it does not, write an allowance or a waiver"
}

allowed := [{"section": "onboot", "name": "net", "repository": "docker.io/example/net", "reason": "because", "rules": {"CAP-010": [A], "DEV-001": ["all:b"]}}]

test_allowance if {
	one := c("/bin/x", all, {}, everything)
	got := edit.without_all(one) with input as {"components": [one]} with given.components as allowed
	got == [set("/capabilities", sort(array.concat(given.params.pss_baseline_caps, [A])))]
	fix := edit.all_fix(one, set()) with input as {"components": [one]} with given.components as allowed
	contains(fix, "an allowance and ordinary software need these")
	why := edit.caps_fix(one, {A}) with input as {"components": [one]} with given.components as allowed
	contains(why, "an allowance covers it: because")
}

# The finding is about one of the minimal capabilities, so the edit leaves fewer.
test_less_than_few if {
	edit.without_caps(c("/bin/x", all, {}, everything), {"CAP_MKNOD"}) == [set("/capabilities", sort({n | some n in given.params.pss_baseline_caps} - {"CAP_MKNOD"}))]
}

outside := {"section": "onboot", "spec": {}, "id": "onboot/dhcp", "runtime": {"bindNS": {"net": "/run/netns/outside"}}, "image": {"registry": "a", "repository": "b", "digest": "c"}}

host_net := {"linux": {"namespaces": []}}

# A port below 1024 needs a network that is not the host's instead of a capability.
test_unprivileged if {
	web := c("/bin/web", {"capabilities": [B], "ambient": [B]}, {}, held([B]))
	edit.unprivileged(web) == [set("/uid", "net"), set("/gid", "net"), out("/ambient"), set("/capabilities", []), set("/sysctl/net.ipv4.ip_unprivileged_port_start", "80")]
	contains(edit.unprivileged_fix(web), "net.ipv4.ip_unprivileged_port_start: \"80\"")
	shared := object.union(web, {"spec": object.union(held([B]), object.union({"process": {"args": []}}, host_net))})
	edit.unprivileged(shared) == []
	joined := edit.unprivileged(shared) with input as {"components": [outside]}
	set("/net", "/run/netns/outside") in joined
	labelled := c("/bin/web", {}, {"sysctl": {"net.core.somaxconn": "9"}}, held([B]))
	set("/sysctl", {"net.core.somaxconn": "9", "net.ipv4.ip_unprivileged_port_start": "80"}) in edit.unprivileged(labelled)
	silent := json.patch(web, [{"op": "replace", "path": "/image/exposedPorts", "value": []}])
	set("/sysctl/net.ipv4.ip_unprivileged_port_start", "0") in edit.unprivileged(silent)
}

# Without capabilities only the user changes. A component that is known to need
# capabilities keeps them.
test_unprivileged_needs if {
	edit.unprivileged(c("/bin/web", {}, {}, {})) == [set("/uid", "net"), set("/gid", "net")]
	ntpd := c("/usr/sbin/ntpd", {"capabilities": ["CAP_SYS_TIME"]}, {}, held(["CAP_SYS_TIME"]))
	edit.unprivileged(ntpd) == []
	contains(edit.unprivileged_fix(ntpd), "There is no edit for this, because the component may need capabilities (CAP_SYS_TIME: ntpd needs it")
}

user(uid, names) := object.union(c("/bin/web", {"ambient": names, "capabilities": names}, {}, {}), {"spec": {
	"process": {"user": {"uid": uid}, "capabilities": {"ambient": names}},
	"linux": {"namespaces": [{"type": "network"}]},
}})

test_ambient_user if {
	edit.without_ambient(user(0, [A])) == [out("/ambient")]
	contains(edit.ambient_fix(user(0, [A])), "keeps the capabilities of root")
	edit.without_ambient(user(9, [A])) == []
	contains(edit.ambient_fix(user(9, [A])), "If the component works without this permission, remove CAP_SYS_ADMIN.")
	edit.without_ambient(user(9, [B])) == [out("/ambient"), set("/capabilities", []), set("/sysctl/net.ipv4.ip_unprivileged_port_start", "80")]
	contains(edit.ambient_fix(user(9, [B])), "For ports below 1024 set")
}

test_all_of if {
	edit.unless_needed([[1], [2]], set()) == [1, 2]
	edit.unless_needed([[1], [2]], {"x"}) == []
}

test_own_net if {
	quiet := json.patch(c("/bin/web", {}, {}, host_net), [{"op": "replace", "path": "/image/exposedPorts", "value": []}])
	edit.own_net(quiet) == [set("/net", "new")] with input as {"components": []}
	edit.own_net(c("/bin/web", {}, {}, host_net)) == [] with input as {"components": []}
	edit.own_net(quiet) == [set("/net", "/run/netns/outside")] with input as {"components": [outside]}
	contains(edit.net_fix(quiet), "set `net: /run/netns/outside`") with input as {"components": [outside]}
}

# The label names the devices, and os.yml requests all.
test_devices if {
	d := c("/bin/x", {"devices": [{"path": "all", "type": "b"}]}, {"devices": [{"path": "/dev/rtc0"}]}, {})
	edit.named_devices(d, [0]) == [out("/devices")]
	contains(edit.all_devices_fix(d), "The component then has only the devices in the label of its image: /dev/rtc0")
	contains(edit.all_devices_fix(c("/bin/x", {"devices": []}, {}, {})), "If the component needs this access, write an allowance or a waiver")
	edit.named_devices(c("/bin/x", {"devices": [{"path": "all", "type": "b"}]}, {"devices": [{"path": "all"}]}, {}), [0]) != [out("/devices")]
}

# A non-root user does not need the capabilities that only serve to give up root.
test_rootless if {
	names := ["CAP_CHOWN", "CAP_SETUID"]
	nginx := c("/usr/sbin/nginx", {"capabilities": names}, {}, held(names))
	edit.unprivileged(nginx) == [set("/uid", "net"), set("/gid", "net"), set("/capabilities", [])]
	not contains(edit.unprivileged_fix(nginx), "There is no edit")
	more := c("/usr/sbin/nginx", {}, {"capabilities": names}, held(names))
	edit.unprivileged(more) == []
}

# A program that must be root loses its capabilities only, unless its image has a user.
test_must_be_root if {
	image := {"user": "", "exposedPorts": []}
	containerd := object.union(c("/usr/bin/containerd", {"capabilities": [A]}, {}, held([A])), {"image": image})
	edit.unprivileged(containerd) == [set("/capabilities", [])]
	startswith(edit.unprivileged_fix(containerd), "write `capabilities: []` at onboot/net: containerd must be root. It gives its folders")
	contains(edit.unprivileged_fix(containerd), "It loses CAP_SYS_ADMIN")
	other := object.union(containerd, {"image": {"user": "33"}})
	edit.unprivileged(other) == [set("/uid", 33), set("/gid", 33), set("/capabilities", [])]
	startswith(edit.unprivileged_fix(other), "run onboot/net as a user without capabilities")
}

test_idle if {
	web := c("/bin/web", {"capabilities": [A, B]}, {}, held([A, B]))
	set("/sysctl/net.ipv4.ip_unprivileged_port_start", "80") in edit.without_unusable_caps(web, {A, B})
	contains(edit.unusable_caps_fix(web, {A, B}), "ip_unprivileged_port_start")
	{e.path | some e in edit.without_unusable_caps(web, {A})} == {"/capabilities"}
	not contains(edit.unusable_caps_fix(web, {A}), "ip_unprivileged_port_start")
	shared := object.union(web, {"spec": object.union(held([B]), object.union({"process": {"args": []}}, host_net))})
	stuck := edit.without_unusable_caps(shared, {B}) with input as {"components": []}
	{e.path | some e in stuck} == {"/capabilities"}
	ntpd := c("/usr/sbin/ntpd", {"capabilities": ["CAP_SYS_TIME"]}, {}, held(["CAP_SYS_TIME"]))
	edit.without_unusable_caps(ntpd, {"CAP_SYS_TIME"}) == []
	startswith(edit.unusable_caps_fix(ntpd, {"CAP_SYS_TIME"}), "list CAP_SYS_TIME of onboot/net under `ambient` too (ntpd needs it")
}

# in_net is a container in a shared network, with the ports of its image.
in_net(name, ports, sysctl) := {
	"id": sprintf("services/%s", [name]), "name": name, "section": "services", "entry": {},
	"image": {"labels": {}, "user": "", "digest": "sha256:0", "exposedPorts": ports},
	"files": {"setid": []},
	"spec": {
		"process": {"args": ["/bin/x"], "user": {"uid": 0}, "capabilities": {"bounding": [B], "permitted": [B], "effective": [B]}},
		"linux": {"namespaces": [{"type": "network", "path": "/run/netns/outside"}], "sysctl": sysctl},
	},
}

# The setting belongs to the network: every component gets the lowest port of all.
test_lowest_port_of_the_network if {
	web := in_net("web", ["80/tcp"], {})
	dns := in_net("dns", ["53/udp", "53/tcp"], {})
	cache := in_net("cache", ["6379/tcp"], {})
	edit.low_port(web) == "53" with input as {"components": [web, dns, cache]}
	edit.low_port(web) == "80" with input as {"components": [web, cache]}
	edit.low_port(web) == "21" with input as {"components": [web, in_net("ftp", [], {"net/ipv4/ip_unprivileged_port_start": "21"})]}
	edit.low_port(web) == "80" with input as {"components": [web, json.patch(dns, [{"op": "remove", "path": "/spec/linux/namespaces/0/path"}])]}
	edit.low_port(in_net("other", [], {})) == "0" with input as {"components": [web]}
	edit.low_port(json.patch(web, [{"op": "remove", "path": "/spec/linux/namespaces/0"}])) == "80" with input as {"components": [dns]}
}

# A component that exposes only high ports does not raise the limit for others.
test_high_ports_need_no_setting if {
	cache := in_net("cache", ["6379/tcp"], {})
	edit.open_low_ports(cache) == [] with input as {"components": [cache]}
	edit.ports_text(cache) == "" with input as {"components": [cache]}
	contains(edit.loss_text(cache), B) with input as {"components": [cache]}
	edit.open_low_ports(in_net("web", ["80/tcp"], {})) != [] with input as {"components": [cache]}
}
