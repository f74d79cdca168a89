# METADATA
# description: |-
#   Evaluates data.sysctl. A row: key, want (as in kconfig), set (the value to
#   write), defaults (what the kernel starts with: value, and when: options that
#   make it so; the first that fits counts), when, since, unlessCmdline. each: a
#   key of all interfaces that does not keep one interface from another value.
package seaworthy.tables.sysctl

import data.seaworthy.edit
import data.seaworthy.given

import data.seaworthy.kernel
import data.seaworthy.lib
import data.seaworthy.tables.kconfig

rows := kconfig.active(arranged)

arranged := kconfig.arrange(given.sysctl)

resource(row) := sprintf("sysctl:%s", [row.key])

# unread components run before the services and might set anything.
unread contains c.id if {
	some c in input.components
	c.section == "onboot"
	not lib.files_known(c)
}

# unsure says why settings are not known.
unsure := array.concat(
	[sprintf("the files of %s were not inventoried, so its sysctl settings are not known", [concat(", ", unread)]) | count(unread) > 0],
	[sprintf("the sysctl settings of %s are not known: %s", [u.component, u.reason]) | some u in lib.arr(object.get(input, ["sysctl", "unknown"], []))],
)

good(row) if kconfig.satisfied(value(row), row.want)

# value is what the key is set to, or else what the kernel starts with.
value(row) := set if {
	set := kernel.sysctl(row.key)
} else := builtin(row)

# builtin is what the kernel starts with, as far as it is documented.
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
} else := sprintf("this sysctl came with Linux %s; the kernel is %s", [row.since, kernel.version_text]) if {
	kernel.older_than(row.since)
} else := sprintf("%s=%s is on the command line", [row.unlessCmdline.param, row.unlessCmdline.value]) if {
	kernel.last_value(row.unlessCmdline.param) == row.unlessCmdline.value
}

# blind: it is not right as far as we see, and we do not see enough.
blind(row) := unsure[0] if {
	count(unsure) > 0
} else := kernel.config_missing if {
	not kernel.config_known
	not good(row)
	depends(row)
} else := "nothing sets it, and without the kernel's version nobody knows whether it should exist" if {
	row.since
	not kernel.version
	not kernel.sysctl(row.key)
}

depends(row) if row.when

depends(row) if {
	some d in row.defaults
	d.when
}

# verdicts judges each row once; state is pass, fail, unknown or not_applicable.
verdicts := object.union(
	{i: {"state": "pass"} | some i in right_at},
	{i: verdict(given.sysctl[i]) | some i in (rows - right_at)},
)

# right_at are those that are set as they should be, and hang on nothing else:
# the common case, set apart because it is quick.
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

# all_* are what the rules read, each under its id; the detour has each set
# worked out as a whole, and once.
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

# of_interface are the keys of one interface, with that of all. What holds there
# is either value (IN_DEV_ORCONF in include/linux/inetdevice.h), or its own alone.
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
	"message": sprintf("%s is %s, whatever %s says: %s", [key, found, row.key, row.why]),
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
	refusal := [sprintf("%s tries, and %s", [r.component, r.reason]) |
		some r in lib.arr(object.get(input, ["sysctl", "refused"], []))
		kernel.sysctl_key(r.key) == row.key
	][0]
} else := sprintf("not set (the kernel starts with %s)", [start]) if {
	start := builtin(row)
} else := "not set"
