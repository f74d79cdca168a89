# METADATA
# description: |-
#   Evaluates data.sysctl in the networks that components create. A new network
#   namespace copies the IPv4 parameters of interfaces from the host, as they are at
#   that moment. All other parameters start with the default of the kernel
#   (net.core.devconf_inherit_init_net in Documentation/admin-guide/sysctl/net.rst).
#   Only networks that get an interface, or that other components can join, are
#   checked, and in them rows of severity medium and higher. Rows of severity low
#   count if a component sets the key, or in the pack strict.
package seaworthy.tables.netns

import data.seaworthy.edit
import data.seaworthy.given
import data.seaworthy.kernel
import data.seaworthy.lib
import data.seaworthy.tables.kconfig
import data.seaworthy.tables.sysctl

rows contains row if {
	some i in sysctl.rows
	row := given.sysctl[i]
	regex.match(`^net\.ipv[46]\.`, row.key)
	not sysctl.irrelevant(row)
}

# networks are the components that create a network, by id.
networks[c.id] := c if {
	some c in lib.containers
	lib.own_ns(c, "network")
	reached(c)
}

reached(c) if lib.bound_ns(c, "net")

reached(c) if count(lib.arr(object.get(lib.obj(c.runtime), "interfaces", []))) > 0

# members are the components in a network, in the order in which they start.
members[id] := array.concat([c], [d | some d in lib.containers; joins(d, c)]) if some id, c in networks

joins(d, c) if {
	some ns in lib.namespaces(d)
	ns.type == "network"
	lib.ns_path(ns) != ""
	lib.host_path(lib.ns_path(ns)) == lib.bound_ns(c, "net")
}

# set is the value that the components of a network set there, with the key sysctl
# or with files that they apply.
set(id, key) := values[count(values) - 1] if {
	values := [v | some c in members[id]; some v in array.concat(by_files(c, key), by_keys(c, key))]
	count(values) > 0
}

by_keys(c, key) := [trim_space(v) |
	some name, v in lib.obj(lib.obj(lib.obj(c.spec).linux).sysctl)
	kernel.sysctl_key(name) == key
]

by_files(c, key) := [trim_space(r.value) |
	some r in input.sysctl.refused
	r.component == c.id
	kernel.sysctl_key(r.key) == key
	contains(r.reason, "network namespace")
]

position := {c.id: i | some i, c in input.components}

# before are the host's settings of a key that precede the creation of the network.
before(id, key) := [trim_space(input.sysctl.settings[i].value) |
	some i in kernel.sysctl_settings[key]
	earlier(input.sysctl.settings[i].component, id)
]

earlier("cmdline", _)

earlier(component, id) if position[component] < position[id]

host(id, key) := values[count(values) - 1] if {
	values := before(id, key)
	count(values) > 0
}

inherits(id, key) if {
	startswith(key, "net.ipv4.conf.")
	not starts_fresh(id)
}

inherits(id, key) if {
	startswith(key, "net.ipv6.conf.")
	host(id, mode) in {"1", "3"}
}

starts_fresh(id) if host(id, mode) == "2"

mode := "net.core.devconf_inherit_init_net"

value(id, row) := v if {
	v := set(id, row.key)
} else := v if {
	inherits(id, row.key)
	v := host(id, row.key)
} else := sysctl.builtin(row)

# without_ipv6: no interface of the network has IPv6.
without_ipv6(id) if {
	some name in ["all", "default"]
	text := set(id, sprintf("net.ipv6.conf.%s.disable_ipv6", [name]))
	not kernel.zero(text)
	count(turned_on(id)) == 0
}

# So says a parameter of IPv6 for every interface that a network begins with.
without_ipv6(id) if {
	text := kernel.last_value("ipv6.disable_ipv6")
	text != ""
	not kernel.zero(text)
	count(turned_on(id)) == 0
}

turned_on(id) := {name |
	some c in members[id]
	some name, v in lib.obj(lib.obj(lib.obj(c.spec).linux).sysctl)
	regex.match(`^net[./]ipv6[./]conf[./].+[./]disable_ipv6$`, name)
	kernel.zero(trim_space(v))
}

# idle: the row has no effect in this network.
idle(id, row) if {
	startswith(row.key, "net.ipv6.")
	without_ipv6(id)
}

counts(_, row) if row.severity != "low"

counts(_, _) if "strict" in given.packs

counts(id, row) if set(id, row.key)

# If the settings of the host are unknown, those of its networks are unknown too.
# The rules for the host report that.
judged contains [id, row] if {
	kernel.config_known
	count(sysctl.unsure) == 0
	some id, _ in networks
	some row in rows
	counts(id, row)
	not idle(id, row)
}

# Rules read all_*, each under its id. OPA evaluates such a set once and as a whole.
all_checked := checked

all_fail := fail

checked[row.rule] contains sprintf("component:%s", [id]) if some [id, row] in judged

right(id, row) if kconfig.satisfied(value(id, row), row.want)

actual(id, row) := v if {
	v := value(id, row)
} else := "not set"

fail[row.rule] contains {
	"id": row.rule,
	"resource": sprintf("component:%s", [id]),
	"path": "/linux/sysctl",
	"actual": found,
	"expected": row.want,
	"key": row.key,
	"severity": row.severity,
	"message": sprintf("%s is %s in the network that %s creates, expected %s: %s", [row.key, found, id, kconfig.text(row.want), row.why]),
	"edits": edits(id, row),
	"fix": sprintf("add `%s: %q` to the key `sysctl` of %s: a new network does not inherit this setting from the host", [row.key, row.set, id]),
} if {
	some [id, row] in judged
	not right(id, row)
	found := actual(id, row)
}

# The edit changes the component that sets the key last, or else the component
# that creates the network.
edits(id, row) := edit.set_component_sysctl(setter(id, row.key), row.key, row.set)

setter(id, key) := setters[count(setters) - 1] if {
	setters := [c | some c in members[id]; count(by_keys(c, key)) > 0]
	count(setters) > 0
} else := networks[id]
