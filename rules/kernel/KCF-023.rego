# METADATA
# scope: package
# title: "The kernel gets no security updates"
# description: |-
#   kernel.org no longer maintains the series of the kernel, or the series is older than
#   params.kernel_floor allows. Known vulnerabilities stay open. data.kernels lists the longterm series
#   and the last day of each. A series between two of them ended earlier. The date is the date of the
#   decision (--now). A distributor may maintain a kernel for longer, so only the floor applies to a
#   kernel from a distribution's package.
# custom:
#   id: KCF-023
#   severity: high
#   pack: baseline
#   controls: ["ANSSI R61?", "CRA I.I(2)(c)?", "800-190 4.5.3"]
#   remediation: "Use a kernel of a maintained longterm series."
#   inputs: ["kernel config"]
#   since: 0.1.0
package seaworthy.rules.KCF_023

import data.seaworthy.given
import data.seaworthy.kernel

checked contains kernel.kernel_resource if kernel.version

unknown contains {"resource": kernel.kernel_resource, "reason": "the version of the kernel is unknown"} if {
	not kernel.version
}

unknown contains {"resource": kernel.kernel_resource, "reason": "the date is unknown (data.seaworthy.date is not set)"} if {
	upstream
	eol
	not given.date
}

not_applicable contains {"resource": kernel.kernel_resource, "reason": reason} if {
	kernel.version
	floor == ""
	reason := excused
}

# excused is the reason why the end of a series says nothing about this kernel.
excused := sprintf("%s: its distributor decides how long it is maintained", [distributed]) if {
	distributed
} else := sprintf("Linux %s is not in data.kernels: it is newer than all series there", [kernel.version_text]) if {
	kernel.version
	not eol
}

floor := given.params.kernel_floor

upstream if {
	kernel.version
	not distributed
}

# distributed is the evidence that a distribution built the kernel.
distributed := sprintf("it comes from the package %s", [input.kernel.package]) if {
	is_string(input.kernel.package)
	input.kernel.package != ""
} else := sprintf("its name is that of a distribution's kernel (%s)", [sort(marked)[0]]) if {
	count(marked) > 0
}

marked := {name | some name in names; regex.match(marks, name)}

names contains input.kernel.version

names contains kernel.value("CONFIG_VERSION_SIGNATURE")

names contains kernel.value("CONFIG_BUILD_SALT")

# Marks of distributions in names of kernels: 6.1.0-41-amd64, 6.8.0-79-generic,
# 6.17.5-200.fc42.x86_64, 6.12.0-55.el10, 6.6.104.2-4.azl3, 6.17.5-arch1-1.
marks := `^Ubuntu |^\d+\.\d+\.\d+-\d+(\.\d+)*-[a-z]|\.(fc|el|amzn|azl)\d|\.deb\d|-arch\d|-MANJARO`

# eol is the last day of the series in the table, or the earlier of two rows. A
# series that is not in the table and older than the newest longterm series had
# ended when the table was written.
eol := first if {
	first := min(listed)
} else := newest.asOf if {
	kernel.older_than(newest.series)
}

listed := {r.eol | some r in given.kernels; r.series == kernel.version_text}

ended := sprintf("maintained until %s", [eol]) if {
	count(listed) > 0
} else := sprintf("not one of the maintained series in %s", [newest.asOf])

newest := ranked[count(ranked) - 1][1]

ranked := sort([[kernel.parse(r.series), r] | some r in given.kernels])

fail contains object.union(finding, {
	"actual": sprintf("Linux %s, %s", [kernel.version_text, ended]),
	"expected": "a series that kernel.org maintains",
	"key": sprintf("eol-%s", [kernel.version_text]),
	"message": sprintf("Linux %s gets no security updates from kernel.org (%s)", [kernel.version_text, ended]),
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
