# Edits of capabilities. They keep the capabilities that a component is known to
# need. The sources are, in this order: the label of its image, an allowance, and
# the table of known programs. A need is not a permission: it decides only which
# edit is suggested.
package seaworthy.edit

import data.seaworthy.given
import data.seaworthy.kernel
import data.seaworthy.lib

cap_keys := ["capabilities", "capabilities.add"]

# label_caps are the capabilities that the label of the image lists.
label_caps(c) := {n | some key in cap_keys; some n in list_of(label(c), key)}

# means_all: the list has the word "all", or nearly every capability.
means_all(names) if {
	some n in names
	lower(n) == "all"
}

means_all(names) if count({n | some n in names} & lib.known_caps) >= count(lib.known_caps) - 3

# cap_list is the key capabilities of os.yml, or else of the label.
cap_list(c) := lib.arr(effective(c, "capabilities")) if effective(c, "capabilities")

cap_list(c) := [] if not effective(c, "capabilities")

# requests_all: os.yml or the label requests all capabilities, with either key.
requests_all(c) if means_all(cap_list(c))

requests_all(c) if {
	not has_key(written(c), "capabilities")
	means_all(label_caps(c) | {n | some n in list_of(written(c), "capabilities.add")})
}

# label_lists_caps: the label lists capabilities, and not simply all.
label_lists_caps(c) if {
	some key in cap_keys
	has_key(label(c), key)
	not means_all(label_caps(c))
}

# allowed_caps are the capabilities that an allowance covers.
allowed_caps(c) := {n |
	some entry in lib.allowances[lib.resource(c)]
	some keys in entry.rules
	some n in keys
	n in lib.known_caps
}

# program_of is the table row of the first known program of the component.
program_of(c) := found[0] if {
	found := [row | some row in given.programs; some name in row.names; name in lib.programs(c); row.capabilities]
	count(found) > 0
}

# program_caps are the capabilities that the known program needs.
program_caps(c) := {n | some n in program_of(c).capabilities}

# why_needed is the reason why a component needs a capability. It is undefined if
# no source says so.
why_needed(c, name) := "the label of its image requests it" if {
	label_lists_caps(c)
	name in label_caps(c)
} else := sprintf("an allowance covers it: %s", [reasons[0]]) if {
	reasons := sort({entry.reason |
		some entry in lib.allowances[lib.resource(c)]
		some keys in entry.rules
		name in keys
	})
	count(reasons) > 0
} else := program_reason(c) if {
	name in program_caps(c)
}

# needed are the given capabilities that the component needs, with the reasons.
needed(c, names) := {n: why | some n in names; why := why_needed(c, n)}

# minimal_caps are the capabilities that replace all: those that the component is
# known to need, or else those that ordinary software needs.
minimal_caps(c) := label_caps(c) if {
	label_lists_caps(c)
} else := allowed_caps(c) | program_caps(c) if {
	program_of(c)
} else := allowed_caps(c) | {n | some n in given.params.pss_baseline_caps}

# without_all replaces all capabilities by minimal_caps.
without_all(c) := array.flatten([remove_op(c, sprintf("/%s", [key])) |
	some key in cap_keys
	has_key(written(c), key)
]) if {
	label_lists_caps(c)
} else := array.flatten([set_op(c, "/capabilities", sort(minimal_caps(c))), without_added_caps(c)])

# all_fix is the fix text for without_all.
all_fix(c, taken) := sprintf("remove `capabilities` of %s from os.yml. The component then has only the capabilities in the label of its image (%s)", [c.id, listed(label_caps(c))]) if {
	label_lists_caps(c)
} else := sprintf("write `capabilities: [%s]` at %s in place of all: %s %s", [names(minimal_caps(c) - taken), c.id, program_of(c).names[0], program_of(c).reason]) if {
	program_of(c)
} else := sprintf("write `capabilities: [%s]` at %s in place of all: an allowance and ordinary software need these", [names(minimal_caps(c) - taken), c.id]) if {
	count(allowed_caps(c)) > 0
} else := sprintf("write `capabilities:` with the few that %s needs in place of all. It is not known which these are: the suggested edit keeps what ordinary software needs and removes %s. If the component needs one of these, add it, and write an allowance or a waiver", [c.id, names(lib.known_caps - (minimal_caps(c) - taken))])

# listed is the text of a set of names, or "none".
listed(set) := names(set) if {
	count(set) > 0
} else := "none"

# names is the text of a set of names, sorted.
names(set) := concat(", ", sort(set))

# without_caps removes capabilities, unless one of them is known to be needed. If
# the component has all, minimal_caps remain.
without_caps(c, taken) := array.concat(without_granted(c, taken), without_ambient_caps(c, taken)) if {
	count(needed(c, taken)) == 0
} else := []

# caps_fix is the fix text for without_caps.
caps_fix(c, taken) := sprintf("there is no edit that removes %s from %s, because the component may need it (%s). If the component works without this permission, write `capabilities: [%s]` there. Otherwise write an allowance or a waiver", [
	names(object.keys(why)), c.id, concat("; ", sort({sprintf("%s: %s", [n, w]) | some n, w in why})), names(rest),
]) if {
	why := needed(c, taken)
	count(why) > 0
	rest := remaining(c) - taken
} else := all_fix(c, taken) if {
	requests_all(c)
} else := sprintf("remove %s from the capabilities of %s. As far as Seaworthy knows, the component works without this permission. If it does not, write an allowance or a waiver", [names(taken), c.id])

# remaining are the capabilities that an edit starts from: minimal_caps in place
# of all.
remaining(c) := minimal_caps(c) if {
	requests_all(c)
} else := lib.caps(c)

# without_granted removes capabilities from the keys that grant them.
without_granted(c, taken) := without_all(c) if {
	requests_all(c)
	count(minimal_caps(c) & taken) == 0
} else := array.flatten([set_op(c, "/capabilities", sort(minimal_caps(c) - taken)), without_added_caps(c)]) if {
	requests_all(c)
} else := [e |
	some key in cap_keys
	some n in list_of(written(c), key)
	n in taken
	some e in remove_value_op(c, sprintf("/%s", [key]), n)
]

# without_added_caps removes `capabilities.add`, which the new full list includes.
without_added_caps(c) := remove_op(c, "/capabilities.add") if has_key(written(c), "capabilities.add")

without_added_caps(c) := [] if not has_key(written(c), "capabilities.add")

# without_unusable_caps removes capabilities that the program of a non-root user
# never gets. Low ports are opened with a sysctl instead, unless the network is the
# host's. There is no edit for needed capabilities: they belong under ambient.
without_unusable_caps(c, unused) := unless_needed([without_granted(c, unused), open_low_ports_for(c, unused)], needed_unusable(c, unused))

# needed_unusable are the unusable capabilities that the component needs.
needed_unusable(c, unused) := object.keys(needed_by_root(c)) & unused

# open_low_ports_for is open_low_ports if CAP_NET_BIND_SERVICE is removed.
open_low_ports_for(c, unused) := open_low_ports(c) if {
	"CAP_NET_BIND_SERVICE" in unused
} else := []

# unusable_caps_fix is the fix text for without_unusable_caps.
unusable_caps_fix(c, unused) := sprintf("list %s of %s under `ambient` too (%s), or run it as root: `uid: 0`", [names(need), c.id, concat("; ", sort({needed_by_root(c)[n] | some n in need}))]) if {
	need := needed_unusable(c, unused)
	count(need) > 0
} else := sprintf("remove %s from the capabilities of %s: they have no effect%s. If the component needs one of them, list it under `ambient` too, and write an allowance or a waiver", [names(unused), c.id, unusable_ports_text(c, unused)])

# unusable_ports_text is ports_text if CAP_NET_BIND_SERVICE is removed.
unusable_ports_text(c, unused) := ports_text(c) if {
	"CAP_NET_BIND_SERVICE" in unused
} else := ""

# without_ambient_caps removes capabilities from the key ambient.
without_ambient_caps(c, taken) := [e |
	some n in list_of(written(c), "ambient")
	n in taken
	some e in remove_value_op(c, "/ambient", n)
] if {
	not means_all(list_of(written(c), "ambient"))
	count({n | some n in list_of(written(c), "ambient")} & taken) > 0
} else := set_op(c, "/ambient", []) if {
	means_all(lib.arr(effective(c, "ambient")))
} else := set_op(c, "/ambient", sort({n | some n in list_of(label(c), "ambient")} - taken)) if {
	not has_key(written(c), "ambient")
	count({n | some n in list_of(label(c), "ambient")} & taken) > 0
} else := []

# own_caps writes the capabilities of the label into os.yml.
own_caps(c) := array.flatten([
	set_op(c, "/capabilities", sort(union({{n | some n in cap_list(c)}, label_caps(c), {n | some n in list_of(written(c), "capabilities.add")}}))),
	without_added_caps(c),
	[e |
		not has_key(written(c), "ambient")
		theirs := list_of(label(c), "ambient")
		count(theirs) > 0
		some e in set_op(c, "/ambient", theirs)
	],
])

# unprivileged runs a component as a user without capabilities, unless it is known
# to need some or has no other user. A sysctl of its network opens ports below 1024
# to that user; this network must not be the host's. A program that must be root stays
# root.
unprivileged(c) := unless_needed(
	[
		as_user(c),
		without_any_caps(c),
		open_low_ports(c),
	],
	object.keys(needed_by_root(c)) | ports_without_network(c),
) if {
	user_number(c) != 0
} else := []

# must_be_root: the known program does not start as another user. The user of the
# image, if there is one, shows that it does.
must_be_root(c) if {
	program_of(c).root
	lib.root_user(lib.str(c.image.user))
}

# needed_by_root are the capabilities that a component needs even as another user.
# A program may need some only to give up root; a sysctl opens low ports.
needed_by_root(c) := {n: why |
	some n, why in needed(c, lib.caps(c) - {"CAP_NET_BIND_SERVICE"})
	not only_for_root(c, why)
}

# only_for_root: the program needs the capability only while it is root.
only_for_root(c, why) if {
	program_of(c).rootless
	why == program_reason(c)
}

# program_reason says why the known program needs its capabilities.
program_reason(c) := sprintf("%s needs it: it %s", [program_of(c).names[0], program_of(c).reason])

# unprivileged_fix is the fix text for unprivileged.
unprivileged_fix(c) := sprintf("write `capabilities: []` at %s: %s must be root. It %s%s", [c.id, program_of(c).names[0], program_of(c).reason, loss_text(c)]) if {
	must_be_root(c)
} else := sprintf("run %s as a user without capabilities: `uid: %v`, `gid: %v` and `capabilities: []`. Files that it writes must belong to this user%s%s%s", [c.id, number, number, loss_text(c), ports_text(c), needs_text(c)]) if {
	number := user_number(c)
} else := sprintf("the user namespace of %s has no user but the host's root, or no group of the same number. Map more ids with `uidMappings` and `gidMappings`, or set `userns: auto`. Then set `uid` and `gid`", [c.id])

# loss_text names the capabilities that unprivileged removes.
loss_text(c) := sprintf(". It loses %s. If the component needs these as root, write an allowance or a waiver", [names(taken)]) if {
	taken := lib.caps(c) - {n | n := "CAP_NET_BIND_SERVICE"; opens_low_ports(c)}
	count(taken) > 0
} else := ""

# ports_text says how to open low ports without CAP_NET_BIND_SERVICE.
ports_text(c) := sprintf(". For ports below 1024 set `sysctl: {%s: \"%s\"}`, in a network that is not the host's", [port_sysctl, low_port(c)]) if {
	opens_low_ports(c)
} else := ""

# needs_text says why unprivileged makes no edit.
needs_text(c) := sprintf(". There is no edit for this, because the component may need capabilities (%s). If the component starts without them, write these keys. Otherwise write an allowance or a waiver", [concat("; ", sort({sprintf("%s: %s", [n, w]) | some n, w in why}))]) if {
	why := needed_by_root(c)
	count(why) > 0
} else := ""

# without_any_caps removes all capabilities.
without_any_caps(c) := array.flatten([
	unset(c, "ambient", []),
	set_op(c, "/capabilities", []),
	without_added_caps(c),
]) if {
	count(lib.caps(c)) > 0
} else := []

# opens_low_ports: the component may open ports below 1024. The ports that its image
# exposes say so; without any, its capability does.
opens_low_ports(c) if {
	"CAP_NET_BIND_SERVICE" in lib.caps(c)
	count(exposed(c)) == 0
}

opens_low_ports(c) if {
	"CAP_NET_BIND_SERVICE" in lib.caps(c)
	min(exposed(c)) < 1024
}

# port_sysctl is the lowest port that a user without capabilities can open.
port_sysctl := "net.ipv4.ip_unprivileged_port_start"

# low_port is the lowest port that a component needs, or another one in the same
# network: the setting belongs to the network, and the last component that starts
# sets it for all. "0" if the image of the component exposes no port.
low_port(c) := format_int(min(ports), 10) if {
	count(exposed(c)) > 0
	ports := (exposed(c) | {n | some other in in_network(c); some n in exposed(other); n < 1024}) | ports_set(c)
} else := "0"

# exposed are the ports that the image of a component exposes.
exposed(c) := {to_number(n) | some p in lib.arr(c.image.exposedPorts); n := split(p, "/")[0]; regex.match(`^[0-9]{1,5}$`, n)}

# ports_set are the lowest ports that components of the same network set already.
ports_set(c) := {to_number(value) |
	some other in in_network(c)
	some name, value in lib.obj(object.get(other.spec, ["linux", "sysctl"], {}))
	kernel.sysctl_key(name) == port_sysctl
	regex.match(`^[0-9]{1,5}$`, value)
}

# in_network are the containers in the network in which a component is, or to which
# open_low_ports moves it.
in_network(c) := [other | some other in lib.containers; network_path(other) == network_path(c)] if network_path(c) != ""

in_network(c) := [c] if network_path(c) == ""

# network_path is the path of the network of a component, "" for one of its own.
network_path(c) := shared_nets[0] if {
	lib.host_ns(c, "network")
	count(shared_nets) > 0
} else := path if {
	some n in lib.arr(object.get(c.spec, ["linux", "namespaces"], []))
	n.type == "network"
	path := object.get(n, "path", "")
} else := ""

# open_low_ports lets a user without CAP_NET_BIND_SERVICE open low ports.
open_low_ports(c) := [] if {
	not opens_low_ports(c)
} else := set_component_sysctl(c, port_sysctl, low_port(c)) if {
	not lib.host_ns(c, "network")
} else := array.concat(set_op(c, "/net", shared_nets[0]), set_component_sysctl(c, port_sysctl, low_port(c))) if {
	count(shared_nets) > 0
} else := []

# ports_without_network is {"net"} if the component needs a low port and only the
# network of the host has it. Otherwise it is empty.
ports_without_network(c) := {"net"} if {
	opens_low_ports(c)
	lib.host_ns(c, "network")
	count(shared_nets) == 0
} else := set()

# without_ambient removes ambient capabilities, if root or a sysctl for low ports
# replaces them. Another user has no capabilities without them.
without_ambient(c) := unset(c, "ambient", []) if {
	lib.uid(c) == 0
} else := unless_needed([without_any_caps(c), open_low_ports(c)], ports_without_network(c)) if {
	lib.ambient(c) == {"CAP_NET_BIND_SERVICE"}
	lib.caps(c) == lib.ambient(c)
} else := []

# ambient_fix is the fix text for without_ambient.
ambient_fix(c) := sprintf("remove `ambient` from %s: its program keeps the capabilities of root, and programs that it starts as another user get none", [c.id]) if {
	lib.uid(c) == 0
} else := sprintf("remove `ambient` and `capabilities` from %s%s", [c.id, ports_text(c)]) if {
	lib.ambient(c) == {"CAP_NET_BIND_SERVICE"}
} else := sprintf("there is no edit: without `ambient`, %s has no capability as uid %d. If the component works without this permission, remove %s. Otherwise write an allowance or a waiver", [c.id, lib.uid(c), names(lib.ambient(c))])
