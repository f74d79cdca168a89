# Sysctls of networks that components create.
package seaworthy.test.netns

import data.seaworthy.rules.SYS_012 as ipv4
import data.seaworthy.rules.SYS_013 as ipv6
import data.seaworthy.rules.SYS_014 as cookies
import data.seaworthy.testing as t

# network: dhcp creates one with eth0, and nginx joins it.
network := made(t.good, {})

made(system, keys) := json.patch(system, [
	{"op": "add", "path": "/components/3/spec/linux/namespaces", "value": [{"type": "mount"}, {"type": "network"}]},
	{"op": "add", "path": "/components/3/spec/linux/sysctl", "value": keys},
	{"op": "add", "path": "/components/3/runtime", "value": {"interfaces": [{"name": "eth0"}], "bindNS": {"net": "/run/netns/out"}}},
	{"op": "add", "path": "/components/4/spec/linux/namespaces", "value": [{"type": "network", "path": "/run/netns/out"}]},
])

joined(system, keys) := t.put(system, "/components/4/spec/linux/sysctl", keys)

keys_of(found) := {f.key | some f in found; f.resource == "component:onboot/dhcp"}

redirects := {"net.ipv6.conf.all.accept_redirects", "net.ipv6.conf.default.accept_redirects"}

off := {key: "0" | some key in redirects}

packs := ["baseline", "hardened"]

test_ipv6_is_not_inherited if {
	found := ipv6.fail with input as network with data.seaworthy.active as packs
	keys_of(found) == redirects
	none := ipv4.fail with input as network with data.seaworthy.active as packs
	keys_of(none) == set()
	some c in ipv6.checked with input as network with data.seaworthy.active as packs
	c == "component:onboot/dhcp"
	"component:onboot/dhcp" in ipv4.checked with input as network with data.seaworthy.active as packs
	"component:onboot/dhcp" in cookies.checked with input as made(t.good, {"net.ipv4.tcp_syncookies": "1"}) with data.seaworthy.active as packs
}

test_set_by_creating_component if {
	found := ipv6.fail with input as made(t.good, off) with data.seaworthy.active as packs
	keys_of(found) == set()
}

test_set_by_joining_component if {
	found := ipv6.fail with input as joined(network, off) with data.seaworthy.active as packs
	keys_of(found) == set()
}

test_joining_component_sets_it_wrong if {
	wrong := joined(made(t.good, off), {"net/ipv6/conf/all/accept_redirects": "1"})
	found := ipv6.fail with input as wrong with data.seaworthy.active as packs
	keys_of(found) == {"net.ipv6.conf.all.accept_redirects"}
	some f in found
	f.edits[0].component == "services/nginx"
}

test_no_ipv6_at_all if {
	every name in ["all", "default"] {
		found := ipv6.fail with input as made(t.good, {sprintf("net.ipv6.conf.%s.disable_ipv6", [name]): "1"}) with data.seaworthy.active as packs
		keys_of(found) == set()
	}
}

test_no_ipv6_by_parameter if {
	found := ipv6.fail with input as t.put(made(t.good, {}), "/cmdline/params/-", {"name": "ipv6.disable-ipv6", "value": "1", "index": 90}) with data.seaworthy.active as packs
	keys_of(found) == set()
	every text in ["0", ""] {
		still := ipv6.fail with input as t.put(made(t.good, {}), "/cmdline/params/-", {"name": "ipv6.disable_ipv6", "value": text, "index": 90}) with data.seaworthy.active as packs
		keys_of(still) == redirects
	}
}

test_ipv6_of_one_interface if {
	system := made(t.good, {"net.ipv6.conf.all.disable_ipv6": "1", "net.ipv6.conf.eth0.disable_ipv6": "0"})
	found := ipv6.fail with input as system with data.seaworthy.active as packs
	keys_of(found) == redirects
}

test_ipv6_is_not_off if {
	found := ipv6.fail with input as made(t.good, {"net.ipv6.conf.all.disable_ipv6": "00"}) with data.seaworthy.active as packs
	keys_of(found) == redirects
}

# mode sets net.core.devconf_inherit_init_net first.
mode(system, value) := t.put(system, "/sysctl/settings", array.concat(
	[{"key": "net.core.devconf_inherit_init_net", "value": value, "component": "cmdline", "source": "cmdline", "order": -1}],
	t.sysctl_settings,
))

test_all_is_inherited if {
	every value in ["1", "3"] {
		found := ipv6.fail with input as mode(network, value) with data.seaworthy.active as packs
		keys_of(found) == set()
	}
}

test_nothing_is_inherited if {
	found := ipv4.fail with input as mode(network, "2") with data.seaworthy.active as packs
	"net.ipv4.conf.all.accept_redirects" in keys_of(found)
}

# A setting made after the network exists affects only the host.
test_too_late if {
	late := json.patch(network, [{"op": "add", "path": "/sysctl/settings", "value": [object.union(s, {"component": "services/report"}) | some s in t.sysctl_settings]}])
	found := ipv4.fail with input as late with data.seaworthy.active as packs
	"net.ipv4.conf.all.rp_filter" in keys_of(found)
}

test_unreachable_network if {
	alone := json.patch(network, [{"op": "add", "path": "/components/3/runtime", "value": {}}])
	found := ipv6.fail with input as alone with data.seaworthy.active as packs
	keys_of(found) == set()
	given := json.patch(network, [{"op": "add", "path": "/components/3/runtime", "value": {"interfaces": [{"name": "eth0"}]}}])
	some f in ipv6.fail with input as given with data.seaworthy.active as packs
	f.resource == "component:onboot/dhcp"
}

test_by_files_in_the_network if {
	system := t.put(network, "/sysctl/refused", [
	{"key": key, "value": "0", "component": "onboot/dhcp", "reason": "it has its own network namespace"} |
		some key in redirects
	])
	found := ipv6.fail with input as system with data.seaworthy.active as packs
	keys_of(found) == set()
}

# A row of severity low counts if a component sets the key, and in strict.
test_low if {
	silent := cookies.fail with input as network with data.seaworthy.active as packs
	keys_of(silent) == set()
	wrong := cookies.fail with input as made(t.good, {"net.ipv4.tcp_syncookies": "0"}) with data.seaworthy.active as packs
	keys_of(wrong) == {"net.ipv4.tcp_syncookies"}
	strict := ipv4.fail with input as network with data.seaworthy.active as ["baseline", "hardened", "strict"]
	"net.ipv4.tcp_rfc1337" in keys_of(strict)
}

test_without_a_default if {
	row := {"key": "net.ipv4.x", "want": "1", "set": "1", "rule": "SYS-012", "severity": "medium", "pack": "baseline", "why": "x", "sources": ["KSPP"]}
	found := ipv4.fail with input as network with data.sysctl as [row]
	some f in found
	f.resource == "component:onboot/dhcp"
	f.actual == "not set"
}

test_edits if {
	found := ipv6.fail with input as network with data.seaworthy.active as packs
	{f.edits[0].path | some f in found} == {"/sysctl/net.ipv6.conf.all.accept_redirects", "/sysctl/net.ipv6.conf.default.accept_redirects"}
	labelled := t.put(network, "/components/3/image/labels", {"org.mobyproject.config": `{"sysctl": {"a": "1", "net/ipv6/conf/all/accept_redirects": "1"}}`})
	other := ipv6.fail with input as labelled with data.seaworthy.active as packs
	some f in other
	f.key == "net.ipv6.conf.all.accept_redirects"
	f.edits == [{"op": "set", "component": "onboot/dhcp", "path": "/sysctl", "value": {"a": "1", "net.ipv6.conf.all.accept_redirects": "0"}}]
}

test_edit_of_a_key_that_is_there if {
	wrong := {"net/ipv6/conf/all/accept_redirects": "1"}
	written := t.put(made(t.good, wrong), "/components/3/entry", {"sysctl": wrong})
	found := ipv6.fail with input as written with data.seaworthy.active as packs
	some f in found
	f.key == "net.ipv6.conf.all.accept_redirects"
	f.edits == [{"op": "set", "component": "onboot/dhcp", "path": "/sysctl/net~1ipv6~1conf~1all~1accept_redirects", "value": "0"}]
}

test_unknown_says_so_once if {
	system := t.put(network, "/sysctl/unknown", [{"component": "onboot/sysctl", "reason": "x"}])
	found := ipv6.fail with input as system with data.seaworthy.active as packs
	keys_of(found) == set()
}
