# Edits of capabilities. What a component is known to need stays: its image's
# label says so, or an allowance, or the table of known programs, in this order.
# A need is no permission: it only decides what is suggested.
package seaworthy.edit

import data.seaworthy.given
import data.seaworthy.lib

cap_keys := ["capabilities", "capabilities.add"]

label_caps(c) := {n | some key in cap_keys; some n in list_of(label(c), key)}

# means_all: by the word, or by a list that leaves next to nothing out.
means_all(names) if {
	some n in names
	lower(n) == "all"
}

means_all(names) if count({n | some n in names} & lib.known_caps) >= count(lib.known_caps) - 3

cap_list(c) := lib.arr(effective(c, "capabilities")) if effective(c, "capabilities")

cap_list(c) := [] if not effective(c, "capabilities")

# requests_all: by either key, in os.yml or in the label.
requests_all(c) if means_all(cap_list(c))

requests_all(c) if {
	not has_key(written(c), "capabilities")
	means_all(label_caps(c) | {n | some n in list_of(written(c), "capabilities.add")})
}

# label_lists_caps: the label lists what the image needs, and not simply all.
label_lists_caps(c) if {
	some key in cap_keys
	has_key(label(c), key)
	not means_all(label_caps(c))
}

allowed_caps(c) := {n |
	some entry in lib.allowances[lib.resource(c)]
	some keys in entry.rules
	some n in keys
	n in lib.known_caps
}

# program_of is the first program of the component that the table knows.
program_of(c) := found[0] if {
	found := [row | some row in given.programs; some name in row.names; name in lib.programs(c); row.capabilities]
	count(found) > 0
}

program_caps(c) := {n | some n in program_of(c).capabilities}

# why_needed says who knows that a component needs a capability; undefined where
# nobody does.
why_needed(c, name) := "the label of its image asks for it" if {
	label_lists_caps(c)
	name in label_caps(c)
} else := sprintf("an allowance says why it needs it: %s", [reasons[0]]) if {
	reasons := sort({entry.reason |
		some entry in lib.allowances[lib.resource(c)]
		some keys in entry.rules
		name in keys
	})
	count(reasons) > 0
} else := program_reason(c) if {
	name in program_caps(c)
}

needed(c, names) := {n: why | some n in names; why := why_needed(c, n)}

# minimal_caps are the capabilities to have in place of all: what is known of the
# component, or else what ordinary software gets by with.
minimal_caps(c) := label_caps(c) if {
	label_lists_caps(c)
} else := allowed_caps(c) | program_caps(c) if {
	program_of(c)
} else := allowed_caps(c) | {n | some n in given.params.pss_baseline_caps}

# without_all puts a few capabilities in the place of all.
without_all(c) := array.flatten([remove_op(c, sprintf("/%s", [key])) |
	some key in cap_keys
	has_key(written(c), key)
]) if {
	label_lists_caps(c)
} else := array.flatten([set_op(c, "/capabilities", sort(minimal_caps(c))), without_added_caps(c)])

all_fix(c, taken) := sprintf("remove `capabilities` of %s from os.yml: the label of its image says what it needs, %s", [c.id, listed(label_caps(c))]) if {
	label_lists_caps(c)
} else := sprintf("write `capabilities: [%s]` at %s in place of all: %s %s", [names(minimal_caps(c) - taken), c.id, program_of(c).names[0], program_of(c).reason]) if {
	program_of(c)
} else := sprintf("write `capabilities: [%s]` at %s in place of all: what an allowance and ordinary software need", [names(minimal_caps(c) - taken), c.id]) if {
	count(allowed_caps(c)) > 0
} else := sprintf("write `capabilities:` with the few that %s needs in place of all. Which these are is not known: the suggested edit leaves what ordinary software needs and takes away %s. If it needs one of these, add that one; an allowance or a waiver says why it must have it", [c.id, names(lib.known_caps - (minimal_caps(c) - taken))])

listed(set) := names(set) if {
	count(set) > 0
} else := "none"

names(set) := concat(", ", sort(set))

# without_caps takes capabilities away, if none of them is known to be needed. Of
# all only a few are left.
without_caps(c, taken) := array.concat(without_granted(c, taken), without_ambient_caps(c, taken)) if {
	count(needed(c, taken)) == 0
} else := []

# caps_fix says what without_caps does, and at what price.
caps_fix(c, taken) := sprintf("no edit takes %s from %s: %s. If it works without, write `capabilities: [%s]` there; else an allowance or a waiver says why it must have it", [
	names(object.keys(why)), c.id, concat("; ", sort({sprintf("%s: %s", [n, w]) | some n, w in why})), names(rest),
]) if {
	why := needed(c, taken)
	count(why) > 0
	rest := remaining(c) - taken
} else := all_fix(c, taken) if {
	requests_all(c)
} else := sprintf("remove %s from the capabilities of %s. Nothing known says that it needs it; if it does, an allowance or a waiver says why", [names(taken), c.id])

# remaining is what a component has beside what is taken: of all only a few.
remaining(c) := minimal_caps(c) if {
	requests_all(c)
} else := lib.caps(c)

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

# What `capabilities.add` said is in the whole list now.
without_added_caps(c) := remove_op(c, "/capabilities.add") if has_key(written(c), "capabilities.add")

without_added_caps(c) := [] if not has_key(written(c), "capabilities.add")

# without_unusable_caps takes away what another user's program never comes to hold. The
# port has another way, where its network is not the host's; what is known to be
# needed is for its owner to list as ambient.
without_unusable_caps(c, unused) := unless_needed([without_granted(c, unused), open_low_ports_for(c, unused)], needed_unusable(c, unused))

needed_unusable(c, unused) := object.keys(needed_by_root(c)) & unused

open_low_ports_for(c, unused) := open_low_ports(c) if {
	"CAP_NET_BIND_SERVICE" in unused
} else := []

unusable_caps_fix(c, unused) := sprintf("list %s of %s under `ambient` too, for %s. Or run it as root: `uid: 0`", [names(need), c.id, concat("; ", sort({needed_by_root(c)[n] | some n in need}))]) if {
	need := needed_unusable(c, unused)
	count(need) > 0
} else := sprintf("remove %s from the capabilities of %s: nothing changes by that%s. If it needs one, list it under `ambient` too, with an allowance or a waiver", [names(unused), c.id, unusable_ports_text(c, unused)])

unusable_ports_text(c, unused) := ports_text(c) if {
	"CAP_NET_BIND_SERVICE" in unused
} else := ""

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

# own_caps writes into os.yml what the label grants.
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

# unprivileged runs a component as a user without capabilities, if it needs none
# as far as is known. A port below 1024 is opened to that user by a sysctl of its
# network, which must not be the host's.
unprivileged(c) := unless_needed(
	[
		as_user(c),
		without_any_caps(c),
		open_low_ports(c),
	],
	object.keys(needed_by_root(c)) | ports_without_network(c),
)

# needed_by_root are what a component needs, less what its program needs for no
# more than to give up root. The port has another way.
needed_by_root(c) := {n: why |
	some n, why in needed(c, lib.caps(c) - {"CAP_NET_BIND_SERVICE"})
	not only_for_root(c, why)
}

only_for_root(c, why) if {
	program_of(c).rootless
	why == program_reason(c)
}

program_reason(c) := sprintf("%s needs it: it %s", [program_of(c).names[0], program_of(c).reason])

unprivileged_fix(c) := sprintf("run %s as a user without capabilities: `uid: %v`, `gid: %v` and `capabilities: []`. What it writes must belong to that user%s%s%s", [c.id, user_number(c), user_number(c), loss_text(c), ports_text(c), needs_text(c)])

loss_text(c) := sprintf(", and it loses %s: if it needs that as root, an allowance or a waiver says why", [names(taken)]) if {
	taken := lib.caps(c) - {"CAP_NET_BIND_SERVICE"}
	count(taken) > 0
} else := ""

ports_text(c) := sprintf(". For ports below 1024 set `sysctl: {%s: \"%s\"}`, in a network that is not the host's", [port_sysctl, low_port(c)]) if {
	"CAP_NET_BIND_SERVICE" in lib.caps(c)
} else := ""

needs_text(c) := sprintf(". No edit does so: %s. If it starts without, write this; else an allowance or a waiver says why", [concat("; ", sort({sprintf("%s: %s", [n, w]) | some n, w in why}))]) if {
	why := needed_by_root(c)
	count(why) > 0
} else := ""

without_any_caps(c) := array.flatten([
	unset(c, "ambient", []),
	set_op(c, "/capabilities", []),
	without_added_caps(c),
]) if {
	count(lib.caps(c)) > 0
} else := []

port_sysctl := "net.ipv4.ip_unprivileged_port_start"

# low_port is the lowest port that the image says it listens at.
low_port(c) := format_int(min(ports), 10) if {
	ports := {to_number(n) | some p in lib.arr(c.image.exposedPorts); n := split(p, "/")[0]; regex.match(`^[0-9]{1,5}$`, n)}
	count(ports) > 0
} else := "0"

open_low_ports(c) := [] if {
	not "CAP_NET_BIND_SERVICE" in lib.caps(c)
} else := set_component_sysctl(c, port_sysctl, low_port(c)) if {
	not lib.host_ns(c, "network")
} else := array.concat(set_op(c, "/net", shared_nets[0]), set_component_sysctl(c, port_sysctl, low_port(c))) if {
	count(shared_nets) > 0
} else := []

# ports_without_network: there is no network to open the port in.
ports_without_network(c) := {"net"} if {
	"CAP_NET_BIND_SERVICE" in lib.caps(c)
	lib.host_ns(c, "network")
	count(shared_nets) == 0
} else := set()

# without_ambient takes ambient capabilities away where something else gives a
# program its own: root's, or a sysctl that opens low ports. Another user holds
# none without.
without_ambient(c) := unset(c, "ambient", []) if {
	lib.uid(c) == 0
} else := unless_needed([without_any_caps(c), open_low_ports(c)], ports_without_network(c)) if {
	lib.ambient(c) == {"CAP_NET_BIND_SERVICE"}
	lib.caps(c) == lib.ambient(c)
} else := []

ambient_fix(c) := sprintf("remove `ambient` from %s: its program keeps what root has, and what it starts as another user gets nothing", [c.id]) if {
	lib.uid(c) == 0
} else := sprintf("remove `ambient` and `capabilities` from %s%s", [c.id, ports_text(c)]) if {
	lib.ambient(c) == {"CAP_NET_BIND_SERVICE"}
} else := sprintf("without `ambient`, %s holds no capability as uid %d, and no edit takes it away: leave %s out if it works without, else an allowance or a waiver says why it must have it", [c.id, lib.uid(c), names(lib.ambient(c))])
