# METADATA
# description: |-
#   Evaluates data.sysctl. Keys of a row:
#   - key, want (as in kconfig), set (the value to write).
#   - defaults: the values that the kernel starts with. Each has a value, and under
#     when the options that cause it; the first one that fits counts.
#   - when, since: as in kconfig. unlessCmdline: a parameter that replaces the key.
#   - each: the key applies to all interfaces, but one interface can have another value.
package seaworthy.tables.sysctl

import data.seaworthy.edit
import data.seaworthy.given

import data.seaworthy.kernel
import data.seaworthy.lib
import data.seaworthy.tables.kconfig

rows := kconfig.active(arranged)

arranged := kconfig.arrange(given.sysctl)

resource(row) := sprintf("sysctl:%s", [row.key])

# unread components run before the services. Their files are unknown, so they may
# set any sysctl.
unread contains c.id if {
	some c in input.components
	c.section == "onboot"
	not lib.files_known(c)
}

# unsure are the reasons why settings are unknown.
unsure := array.concat(
	[sprintf("the files of %s were not inventoried, so the sysctl settings there are unknown", [concat(", ", unread)]) | count(unread) > 0],
	[sprintf("the sysctl settings of %s are unknown: %s", [u.component, u.reason]) | some u in lib.arr(object.get(input, ["sysctl", "unknown"], []))],
)

good(row) if kconfig.satisfied(value(row), row.want)

# value is the value that is set, or else the default of the kernel.
value(row) := set if {
	set := kernel.sysctl(row.key)
} else := builtin(row)

# builtin is the default of the kernel, as far as it is documented.
builtin(row) := fitting[0] if {
	fitting := [d.value | some d in row.defaults; fits(d)]
	count(fitting) > 0
}

fits(d) if {
	not d.when
	not too_old(d)
}

fits(d) if {
	d.when
	kernel.config_known
	kconfig.met(d.when)
	not too_old(d)
}

too_old(d) if {
	d.since
	not kernel.at_least(d.since)
}

irrelevant(row) := kconfig.unmet(row.when) if {
	row.when
	kernel.config_known
} else := sprintf("this sysctl exists since Linux %s; the kernel is %s", [row.since, kernel.version_text]) if {
	kernel.older_than(row.since)
} else := sprintf("%s=%s is on the command line", [row.unlessCmdline.param, row.unlessCmdline.value]) if {
	kernel.last_value(row.unlessCmdline.param) == row.unlessCmdline.value
}

# blind is the reason why the facts are not enough to decide.
blind(row) := unsure[0] if {
	count(unsure) > 0
} else := kernel.config_missing if {
	not kernel.config_known
	not good(row)
	depends(row)
} else := "it is not set, and the version of the kernel is unknown, so it may not exist yet" if {
	row.since
	not kernel.version
	not kernel.sysctl(row.key)
}

depends(row) if row.when

depends(row) if {
	some d in row.defaults
	d.when
}

# verdicts has one verdict for each row. Its state is pass, fail, unknown or
# not_applicable.
verdicts := object.union(
	{i: {"state": "pass"} | some i in right_at},
	{i: verdict(given.sysctl[i]) | some i in (rows - right_at)},
)

# right_at are the rows whose key has the wanted value, and that depend on nothing
# else. This common case is separate because it is fast.
right_at := {i | some i in rows; kernel.final_sysctls[given.sysctl[i].key] == given.sysctl[i].want} - conditional if {
	count(unsure) == 0
} else := set()

conditional := kconfig.having(given.sysctl, {"when", "since", "unlessCmdline"})

verdict(row) := {"state": "not_applicable", "reason": reason} if {
	reason := irrelevant(row)
} else := {"state": "unknown", "reason": reason} if {
	reason := blind(row)
} else := {"state": "pass"} if {
	good(row)
} else := {"state": "fail"}

# Rules read all_*, each under its id. OPA evaluates such a set once and as a whole.
all_checked := checked

all_fail := fail

all_unknown := unknown

all_not_applicable := not_applicable

checked[rule] contains concat("", ["sysctl:", key]) if {
	some i in (kconfig.at(verdicts, "pass") | kconfig.at(verdicts, "fail"))
	rule := given.sysctl[i].rule
	key := given.sysctl[i].key
}

fail[row.rule] contains finding if {
	some i in kconfig.at(verdicts, "fail")
	row := given.sysctl[i]
	found := actual(row)
	finding := {
		"id": row.rule,
		"resource": resource(row),
		"path": "",
		"actual": found,
		"expected": row.want,
		"key": row.key,
		"severity": row.severity,
		"message": sprintf("%s is %s, expected %s: %s", [row.key, found, kconfig.text(row.want), row.why]),
		"edits": edit.set_sysctl(row.key, row.set),
		"fix": sprintf("write %s = %s to a file in /etc/sysctl.d of the onboot component that applies sysctls", [row.key, row.set]),
	}
}

# of_interface are the keys of one interface, each with the key of all interfaces.
# The kernel combines both values (IN_DEV_ORCONF in include/linux/inetdevice.h), or
# uses only the value of the interface.
of_interface[key] := sprintf("%s.all.%s", [family, name]) if {
	some key, _ in kernel.final_sysctls
	startswith(key, "net.ipv")
	[[_, family, interface, name]] := regex.find_all_string_submatch_n(`^(net\.ipv[46]\.conf)\.(.+)\.([a-z0-9_]+)$`, key, 1)
	not interface in {"all", "default", "lo", "*"}
}

fail[row.rule] contains {
	"id": row.rule,
	"resource": sprintf("sysctl:%s", [key]),
	"path": "",
	"actual": found,
	"expected": row.want,
	"key": key,
	"severity": row.severity,
	"message": sprintf("%s is %s, and %s does not override it: %s", [key, found, row.key, row.why]),
	"edits": edit.without_sysctl_settings(key),
	"fix": sprintf("remove the setting of %s", [key]),
} if {
	some key, all in of_interface
	some i in rows
	row := given.sysctl[i]
	row.each
	row.key == all
	not irrelevant(row)
	found := kernel.sysctl(key)
	not kconfig.satisfied(found, row.want)
}

unknown[row.rule] contains {"resource": resource(row), "reason": verdicts[i].reason} if {
	some i in kconfig.at(verdicts, "unknown")
	row := given.sysctl[i]
}

not_applicable[row.rule] contains {"resource": resource(row), "reason": verdicts[i].reason} if {
	some i in kconfig.at(verdicts, "not_applicable")
	row := given.sysctl[i]
}

actual(row) := set if {
	set := kernel.sysctl(row.key)
} else := sprintf("not set: %s", [refusal]) if {
	refusal := [sprintf("%s tries to set it, but %s", [r.component, r.reason]) |
		some r in lib.arr(object.get(input, ["sysctl", "refused"], []))
		kernel.sysctl_key(r.key) == row.key
	][0]
} else := sprintf("not set (the default of the kernel is %s)", [start]) if {
	start := builtin(row)
} else := "not set"
