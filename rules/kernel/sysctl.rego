# METADATA
# description: |-
#   Evaluates data.sysctl. A row: key, want (as in kconfig), set (the value to
#   write), defaults (what the kernel starts with: value, and when: options that
#   make it so; the first that fits counts), when, since, unlessCmdline.
package seaworthy.tables.sysctl

import data.seaworthy.edit
import data.seaworthy.given

import data.seaworthy.kernel
import data.seaworthy.lib
import data.seaworthy.tables.kconfig

rows contains i if {
	some i, row in given.sysctl
	row.pack in given.packs
	kconfig.arch_fits(row)
}

resource(row) := sprintf("sysctl:%s", [row.key])

# unread components run before the services and might set anything.
unread contains c.id if {
	some c in input.components
	c.section == "onboot"
	not lib.files_known(c)
}

good(row) if kconfig.satisfied(kernel.sysctl(row.key), row.want)

good(row) if {
	not kernel.sysctl(row.key)
	kconfig.satisfied(builtin(row), row.want)
}

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
	kernel.config_known
	kconfig.met(d.when)
	not too_old(d)
}

too_old(d) if {
	d.since
	not kernel.at_least(d.since)
}

irrelevant(row) := kconfig.unmet(row.when) if {
	kernel.config_known
} else := sprintf("this sysctl came with Linux %s; the kernel is %s", [row.since, kernel.version_text]) if {
	kernel.older_than(row.since)
} else := sprintf("%s=%s is on the command line", [row.unlessCmdline.param, row.unlessCmdline.value]) if {
	kernel.last(row.unlessCmdline.param) == row.unlessCmdline.value
}

# blind: it is not right as far as we see, and we do not see enough.
blind(row) := sprintf("the files of %s were not inventoried, so its sysctl settings are not known", [concat(", ", unread)]) if {
	count(unread) > 0
} else := kernel.config_missing if {
	not good(row)
	depends(row)
	not kernel.config_known
}

conditional(row) if row.when

conditional(row) if row.since

conditional(row) if row.unlessCmdline

depends(row) if row.when

depends(row) if {
	some d in row.defaults
	d.when
}

# verdicts judges each row once; state is pass, fail, unknown or not_applicable.
verdicts[i] := verdict(given.sysctl[i]) if some i in rows

# The first answer is the common case, and quick.
verdict(row) := {"state": "pass"} if {
	not conditional(row)
	count(unread) == 0
	kconfig.satisfied(kernel.sysctl(row.key), row.want)
} else := {"state": "not_applicable", "reason": reason} if {
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

checked[row.rule] contains resource(row) if {
	some i, v in verdicts
	v.state in {"pass", "fail"}
	row := given.sysctl[i]
}

fail[row.rule] contains finding if {
	some i, v in verdicts
	v.state == "fail"
	row := given.sysctl[i]
	finding := {
		"id": row.rule,
		"resource": resource(row),
		"path": "",
		"actual": actual(row),
		"expected": row.want,
		"key": row.key,
		"severity": row.severity,
		"message": sprintf("%s is %s, expected %s: %s", [row.key, actual(row), kconfig.text(row.want), row.why]),
		"edits": edit.sysctl(row.key, row.set),
		"fix": sprintf("write %s = %s to a file in /etc/sysctl.d of the onboot component that applies sysctls", [row.key, row.set]),
	}
}

unknown[row.rule] contains {"resource": resource(row), "reason": v.reason} if {
	some i, v in verdicts
	v.state == "unknown"
	row := given.sysctl[i]
}

not_applicable[row.rule] contains {"resource": resource(row), "reason": v.reason} if {
	some i, v in verdicts
	v.state == "not_applicable"
	row := given.sysctl[i]
}

actual(row) := kernel.sysctl(row.key)

actual(row) := sprintf("not set (the kernel starts with %s)", [builtin(row)]) if {
	not kernel.sysctl(row.key)
	builtin(row)
}

actual(row) := "not set" if {
	not kernel.sysctl(row.key)
	not builtin(row)
}
