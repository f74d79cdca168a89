package seaworthy.test.LOG_001

import data.seaworthy.rules.LOG_001 as rule
import data.seaworthy.testing as t

# This system has no init that keeps logs.
none := t.put(t.good, "/components/1/image/repository", "other/init")

test_fires if {
	t.fires(rule.fail, "image:test") with input as none
	t.fires(rule.fail, "image:test") with input as t.put(t.good, "/components/1/image/registry", "registry.example")
	t.fires(rule.fail, "image:test") with input as t.put(none, "/components/4/name", "rsyslog")
}

with_program(program) := t.put(none, "/components/4/program", object.union(t.good.components[4].program, program))

test_silent_program if t.silent(rule.fail) with input as with_program({"path": "/usr/bin/fluent-bit"})

# A script or a shell starts the program. Its package is in the image.
rsyslog := [object.union(t.sbom.packages[0], {"name": "rsyslog"})]

test_silent_package if {
	script := t.put(with_program({"path": "/start", "format": "script"}), "/components/4/sbom/packages", rsyslog)
	t.silent(rule.fail) with input as script
	shell := t.put(t.put(none, "/components/4/sbom/packages", rsyslog), "/components/4/spec/process/args", ["sh", "-c", "exec rsyslogd -n"])
	t.silent(rule.fail) with input as shell
}

test_fires_package if {
	t.fires(rule.fail, "image:test") with input as t.put(none, "/components/4/sbom/packages", rsyslog)
	missing := t.put(with_program({"state": "missing", "format": "", "path": ""}), "/components/4/sbom/packages", rsyslog)
	t.fires(rule.fail, "image:test") with input as t.put(missing, "/components/4/spec/process/args", ["rsyslogd"])
}

test_silent_good if t.silent(rule.fail) with input as t.good

test_checked if rule.checked == {"image:test"} with input as t.good
