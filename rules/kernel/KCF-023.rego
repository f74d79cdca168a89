# METADATA
# scope: package
# title: "Kernel without security updates"
# description: |-
#   The kernel is of a series that kernel.org does not maintain any more, or of one
#   older than params.kernel_floor allows. data.kernels holds the longterm series and
#   until when each is maintained; a series between them had its end before. The day is
#   the day of the decision (--now). Who distributes a kernel may maintain it for longer:
#   a kernel out of a distribution's package is held to the floor alone.
# custom:
#   id: KCF-023
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R61?", "CRA I.I(2)(c)?", "800-190 4.5.3"]
#   remediation: "Use a kernel of a longterm series that is maintained."
#   inputs: ["kernel config"]
#   since: 0.1.0
package seaworthy.rules.KCF_023

import data.seaworthy.given
import data.seaworthy.kernel

checked contains kernel.kernel_resource if kernel.version

unknown contains {"resource": kernel.kernel_resource, "reason": "nobody knows the version of the kernel"} if {
	not kernel.version
}

unknown contains {"resource": kernel.kernel_resource, "reason": "nobody said what day it is: data.seaworthy.date"} if {
	upstream
	eol
	not given.date
}

not_applicable contains {"resource": kernel.kernel_resource, "reason": reason} if {
	kernel.version
	floor == ""
	reason := excused
}

# excused says why the end of a series tells nothing about this kernel.
excused := sprintf("%s: its distributor decides until when it is maintained", [distributed]) if {
	distributed
} else := sprintf("data.kernels does not know Linux %s: it is newer than all that it lists", [kernel.version_text]) if {
	kernel.version
	not eol
}

floor := given.params.kernel_floor

upstream if {
	kernel.version
	not distributed
}

# distributed says what shows that a distribution built the kernel.
distributed := sprintf("it comes from the package %s", [input.kernel.package]) if {
	is_string(input.kernel.package)
	input.kernel.package != ""
} else := sprintf("it is a distribution's (%s)", [sort(marked)[0]]) if {
	count(marked) > 0
}

marked := {name | some name in names; regex.match(marks, name)}

names contains input.kernel.version

names contains kernel.value("CONFIG_VERSION_SIGNATURE")

names contains kernel.value("CONFIG_BUILD_SALT")

# What distributions put into names of kernels: 6.1.0-41-amd64, 6.8.0-79-generic,
# 6.17.5-200.fc42.x86_64, 6.12.0-55.el10, 6.6.104.2-4.azl3, 6.17.5-arch1-1.
marks := `^Ubuntu |^\d+\.\d+\.\d+-\d+(\.\d+)*-[a-z]|\.(fc|el|amzn|azl)\d|\.deb\d|-arch\d|-MANJARO`

# eol is the last day of the series, by the table; where it has two rows for
# one, that which ends first. A series that is older than the newest longterm
# one, and no such itself, had ended when the table was made.
eol := first if {
	first := min(listed)
} else := newest.asOf if {
	kernel.older_than(newest.series)
}

listed := {r.eol | some r in given.kernels; r.series == kernel.version_text}

ended := sprintf("maintained until %s", [eol]) if {
	count(listed) > 0
} else := sprintf("no longer among the maintained series in %s", [newest.asOf])

newest := ranked[count(ranked) - 1][1]

ranked := sort([[kernel.parse(r.series), r] | some r in given.kernels])

fail contains object.union(finding, {
	"actual": sprintf("Linux %s, %s", [kernel.version_text, ended]),
	"expected": "a series that kernel.org maintains",
	"key": sprintf("eol-%s", [kernel.version_text]),
	"message": sprintf("Linux %s gets no security updates from kernel.org: it was %s", [kernel.version_text, ended]),
	"fix": sprintf("use a kernel of a longterm series, such as %s", [newest.series]),
}) if {
	upstream
	eol < given.date
}

fail contains object.union(finding, {
	"actual": sprintf("Linux %s", [kernel.version_text]),
	"expected": sprintf("Linux %s or newer", [floor]),
	"key": "floor",
	"message": sprintf("Linux %s is older than %s, the oldest that params.kernel_floor allows", [kernel.version_text, floor]),
	"fix": sprintf("use a kernel of Linux %s or newer", [floor]),
}) if {
	floor != ""
	kernel.older_than(floor)
}

finding := {"id": "KCF-023", "resource": kernel.kernel_resource, "path": ""}
